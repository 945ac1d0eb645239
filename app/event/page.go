package event

import "time"

// Page is what a reader brings at once. It is valid until the next one is asked for: the reader uses the memory behind
// Data again.
type Page struct {
	Events []Event // none when vCenter had none for a while

	// Settled, unless zero, is what the position is to be settled to when every event of the page is done.
	Settled time.Time
	Clock   Clock // the position's from then on
}
