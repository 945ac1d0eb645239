package probe

import "time"

// Result is what a probe found out: figures, and pages of events with every name replaced.
type Result struct {
	Report Report
	Pages  [][]byte
}

// Report is the figures, report.json in the file. A part is nil when it was not measured; Failed says why.
type Report struct {
	Tool     string            `json:"tool"`
	Started  time.Time         `json:"started"` // by the clock of the machine that the probe ran on
	Complete bool              `json:"complete"`
	Ended    string            `json:"ended"`
	Failed   map[string]string `json:"failed,omitempty"` // by measurement: the class of vCenter's fault, or why else

	About       *About            `json:"about,omitempty"`
	Clock       *Clock            `json:"clock,omitempty"`
	Manager     *Manager          `json:"eventManager,omitempty"`
	Options     []Option          `json:"options,omitempty"`
	Unreadable  map[string]string `json:"optionsNotReadable,omitempty"` // by name or group: the class of vCenter's fault
	Creation    []Creation        `json:"collectorCreation,omitempty"`
	Speed       []Speed           `json:"pageSpeed,omitempty"`
	Oldest      *time.Time        `json:"oldestCreatedTime,omitempty"`
	Order       *Order            `json:"order,omitempty"`
	Visibility  *Visibility       `json:"visibility,omitempty"`
	BeginTime   *BeginTime        `json:"beginTime,omitempty"`
	ByKey       *ByKey            `json:"byKey,omitempty"`
	Watch       *Watch            `json:"watch,omitempty"`
	BurstFilter map[string]int    `json:"burstFilterEvents"` // by EventTypeId
	NotReadable int               `json:"eventsNotReadable"` // without a key or time that could be read, or too large
}

// About is what vCenter says of itself, without its name.
type About struct {
	Version       string `json:"version"`
	PatchLevel    string `json:"patchLevel,omitempty"`
	APIVersion    string `json:"apiVersion"`
	Build         string `json:"build"`
	APIType       string `json:"apiType"`
	ProductLineID string `json:"productLineId"`
	OSType        string `json:"osType"`
}

// Clock compares vCenter's clock with that of this machine.
type Clock struct {
	AheadMs     float64 `json:"aheadMs"` // of this machine's; within half the round trip
	RoundTripMs float64 `json:"roundTripMs"`
}

// Manager is what the EventManager shows.
type Manager struct {
	MaxCollector int32      `json:"maxCollector"`
	LatestEvent  bool       `json:"latestEvent"`
	LatestByPath bool       `json:"latestEventByPath"` // latestEvent.key and latestEvent.createdTime can be had alone
	LatestKey    int32      `json:"latestKey,omitempty"`
	LatestTime   *time.Time `json:"latestCreatedTime,omitempty"`
}

// Option is a setting of vCenter that is a number or a truth value; of any other it says only that it is set.
type Option struct {
	Name  string `json:"name"`
	Value any    `json:"value,omitempty"`
	Text  bool   `json:"text,omitempty"` // a text, which is left out
}

// Creation is how long creating a collector took.
type Creation struct {
	What string  `json:"what"`
	Ms   float64 `json:"ms"`
}

// Speed is how fast pages of one size are read, from the request to the last byte.
type Speed struct {
	PageSize      int32   `json:"pageSize"`
	Pages         int     `json:"pages"`
	Events        int     `json:"events"`
	MedianMs      float64 `json:"medianMs"`
	LeastMs       float64 `json:"leastMs"`
	MostMs        float64 `json:"mostMs"`
	BytesPerEvent float64 `json:"bytesPerEvent"` // of XML
}

// Order is what was seen of keys and times in the order of reading.
type Order struct {
	Events         int     `json:"events"`
	Readings       int     `json:"readings"` // collectors that the events came from
	KeysBack       int     `json:"keysBack"` // events with a lower key than the one before
	TimesBack      int     `json:"timesBack"`
	FarthestBackMs float64 `json:"farthestBackMs"`
	SameTime       int     `json:"sameTime"` // events with the time of the one before
	SameKey        int     `json:"sameKey"`  // keys that came more than once in one reading
	Gaps           int     `json:"keyGaps"`
	Missing        int64   `json:"keysMissing"`
	LargestGap     int64   `json:"largestGap"`
	LowestKey      int32   `json:"lowestKey"`
	LargestKey     int32   `json:"largestKey"`
	TimeDigits     int     `json:"timeDigits"` // of the fraction of a second that are in use
}

// Visibility is whether everything up to latestEvent can be read.
type Visibility struct {
	Events   int      `json:"events"`             // read of the last minutes, until a page was empty
	Verdict  string   `json:"verdict"`            // one of the Seen constants
	WaitedMs *float64 `json:"waitedMs,omitempty"` // until the newest event could be read, or for how long it could not
}

// Verdicts of Visibility.
const (
	SeenAll     = "all"     // the newest event was read
	SeenLater   = "later"   // it could be read after a while
	SeenNot     = "hole"    // pages are empty although there is a newer event
	SeenUnknown = "unknown" // there is no latestEvent, or too much to read
)

// BeginTime is whether a span that begins there holds an event that was created at a known time.
type BeginTime struct {
	Fraction    string `json:"fraction"` // of the second of the event's time
	Exactly     bool   `json:"exactly"`
	Microsecond bool   `json:"microsecondAfter"`
	Millisecond bool   `json:"millisecondAfter"`
	Second      bool   `json:"secondAfter"`
	Truncated   bool   `json:"truncatedToTheSecond"`
}

// ByKey is how QueryEvents answers from vSphere 9.0 on.
type ByKey struct {
	Queries []Query `json:"queries"`
}

// Query is one QueryEvents with a view.
type Query struct {
	What       string  `json:"what"`
	Start      int32   `json:"startEventId"`
	Forward    bool    `json:"isForward"`
	MaxCount   int32   `json:"maxCount"`
	Fault      string  `json:"fault,omitempty"`
	Events     int     `json:"events"`
	First      int32   `json:"firstKey"`
	Last       int32   `json:"lastKey"`
	Ascending  bool    `json:"ascending"` // keys, strictly; likewise Descending
	Descending bool    `json:"descending"`
	Ms         float64 `json:"ms"`
}

// Watch is what following live has shown.
type Watch struct {
	Seconds       float64 `json:"seconds"`
	Events        int     `json:"events"`
	LatestMoves   int     `json:"latestEventMoves"`
	AtOnce        int     `json:"readableAtOnce"` // by the read that followed the move
	Delayed       int     `json:"readableLater"`
	MedianDelayMs float64 `json:"medianDelayMs"`
	MostDelayMs   float64 `json:"mostDelayMs"`
	PassedBy      int     `json:"readableByAnotherOnly"` // by a second collector, not by the one that follows
	Never         int     `json:"notReadable"`           // within some seconds
	LowerKey      int     `json:"lowerKey"`              // events that came after one with a higher key
	OlderTime     int     `json:"olderTime"`             // likewise a later time
	Behind        int     `json:"behindTheCollector"`    // events that the collector passed by and another one found
	MostLateMs    float64 `json:"mostLateMs"`            // of those three kinds, from createdTime until it was read
	Sweeps        int     `json:"sweeps"`
}
