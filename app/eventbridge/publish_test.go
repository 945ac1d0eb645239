package eventbridge_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	components "github.com/dapr/dapr/pkg/proto/components/v1"
)

const poweredOn = `{"specversion":"1.0","id":"3c0f-42","source":"https://vc/sdk","type":"com.vmware.vsphere.VmPoweredOnEvent.v0",` +
	`"subject":"VmPoweredOnEvent","time":"2026-11-20T10:11:12.25Z","big":12345678901234567890,"data":{"html":"<a> & \u2028 Grüße"}}`

// numbered are n small events.
func numbered(n int) (events []string) {
	for i := range n {
		events = append(events, fmt.Sprintf(`{"subject":"E%d","type":"t"}`, i))
	}
	return events
}

// sized is an event whose entry EventBridge counts as that many bytes: source vcrelay.vcenter, detail-type E, no time.
func sized(bytes int) string {
	const head, tail = `{"subject":"E","data":"`, `"}`
	return head + strings.Repeat("x", bytes-len("vcrelay.vcenter"+"E"+head+tail)) + tail
}

func TestAnEventIsAnEntryWithTheCloudEventAsItsDetailByteForByte(t *testing.T) {
	aws := startAWS(t)
	if refused, err := connected(t, aws, nil).publish(poweredOn); err != nil || len(refused) > 0 {
		t.Fatalf("%v %v", refused, err)
	}
	got := aws.entries()[0]
	if got.Detail != poweredOn || got.DetailType != "VmPoweredOnEvent" || got.Source != "vcrelay.vcenter" || got.EventBusName != "" || got.Resources != nil {
		t.Errorf("%+v", got)
	}
	if got.Time == nil || *got.Time != 1795169472.25 {
		t.Errorf("its time is %v", got.Time)
	}
}

func TestBusSourceAndCredentialsAreThoseOfTheComponentFile(t *testing.T) {
	aws := startAWS(t)
	s := connected(t, aws, map[string]string{"eventbusname": "vcenter-bus", "SOURCE": "com.example", "accessKey": "AK", "secretKey": "SK", "sessionToken": "T"})
	if _, err := s.Publish(s.ctx, &components.PublishRequest{Topic: "vcenter-deadletter", Data: []byte(poweredOn)}); err != nil {
		t.Fatal(err)
	}
	if got := aws.entries()[0]; got.EventBusName != "vcenter-bus" || got.Source != "com.example.vcenter-deadletter" || aws.keys[0] != "AK" {
		t.Errorf("%+v, signed by %s", got, aws.keys[0])
	}
}

func TestCredentialsAreThoseOfTheAWSSDKWhereTheFileHasNone(t *testing.T) {
	aws := startAWS(t)
	if _, err := connected(t, aws, nil).publish(poweredOn); err != nil || aws.keys[0] != "of-the-environment" {
		t.Errorf("signed by %s: %v", aws.keys, err)
	}
}

func TestTheDetailTypeIsTheSubjectElseTheTypeAndHasAtMost128Characters(t *testing.T) {
	long := strings.Repeat("ü", 128)
	for event, want := range map[string]string{
		`{"subject":"esx.problem.x","type":"t"}`: "esx.problem.x",
		`{"type":"com.vmware.x.v0"}`:             "com.vmware.x.v0",
		`{"subject":"` + long + `ü"}`:            long,
		`{"subject":"` + long + `"}`:             long,
	} {
		aws := startAWS(t)
		if refused, err := connected(t, aws, nil).publish(event); err != nil || len(refused) > 0 || aws.entries()[0].DetailType != want {
			t.Errorf("%s: %v %v %v", event, refused, err, aws.entries())
		}
	}
}

func TestATimeThatIsNoneIsLeftToEventBridge(t *testing.T) {
	for _, event := range []string{`{"type":"t"}`, `{"type":"t","time":"yesterday"}`} {
		aws := startAWS(t)
		if refused, err := connected(t, aws, nil).publish(event); err != nil || len(refused) > 0 || aws.entries()[0].Time != nil {
			t.Errorf("%s: %v %v %v", event, refused, err, aws.entries())
		}
	}
}

func TestACallHasTenEntriesAtMostInTheirOrder(t *testing.T) {
	aws, events := startAWS(t), numbered(25)
	if refused, err := connected(t, aws, nil).publish(events...); err != nil || len(refused) > 0 {
		t.Fatalf("%v %v", refused, err)
	}
	if got := aws.counts(); !slices.Equal(got, []int{10, 10, 5}) || !slices.Equal(aws.taken, events) {
		t.Errorf("calls of %v, taken were %v", got, aws.taken)
	}
}

func TestACallHasLessThan256KiBUnlessItIsOfOneEvent(t *testing.T) {
	const full = 256 << 10
	for name, c := range map[string]struct {
		sizes []int
		calls []int
	}{
		"one byte less":         {[]int{full/2 - 1, full / 2}, []int{2}},
		"exactly":               {[]int{full / 2, full / 2}, []int{1, 1}},
		"a large one between":   {[]int{100, 100, 300 << 10, 100, 100}, []int{2, 1, 2}},
		"the largest of all":    {[]int{1<<20 - 1}, []int{1}},
		"as many as fit, twice": {[]int{full / 4, full / 4, full / 4, full / 4, full / 4, full / 4}, []int{3, 3}},
	} {
		aws := startAWS(t)
		var events []string
		for _, size := range c.sizes {
			events = append(events, sized(size))
		}
		if refused, err := connected(t, aws, nil).publish(events...); err != nil || len(refused) > 0 {
			t.Fatalf("%s: %v %v", name, refused, err)
		}
		if got := aws.counts(); !slices.Equal(got, c.calls) {
			t.Errorf("%s: calls of %v, want %v", name, got, c.calls)
		}
		for i, e := range aws.entries() {
			if e.size() != c.sizes[i] {
				t.Errorf("%s: the test's own event has %d bytes, not %d", name, e.size(), c.sizes[i])
			}
		}
	}
}

func TestTheTimeCountsAsFourteenBytes(t *testing.T) {
	timed := strings.Replace(sized(1<<20-14-len(`,"time":"2026-11-20T10:11:12Z"`)), `"}`, `","time":"2026-11-20T10:11:12Z"}`, 1)
	aws := startAWS(t)
	refused, err := connected(t, aws, nil).publish(timed, poweredOn)
	if err != nil || !strings.Contains(refused[0], "has 1048576 bytes") || !slices.Equal(aws.taken, []string{poweredOn}) {
		t.Errorf("%v %v", refused, err)
	}
}

func TestAnEventThatCannotBeAnEntryIsRefusedAloneWithAReason(t *testing.T) {
	for event, want := range map[string]string{
		sized(1 << 20):          "event has 1048576 bytes, and EventBridge takes less than 1048576; set VCRELAY_MAX_EVENT_BYTES",
		`{"data":{}}`:           "neither subject nor type",
		`[1]`:                   "no CloudEvent in JSON",
		`hello`:                 "no CloudEvent in JSON",
		`{"subject":{"a":"b"}}`: "no CloudEvent in JSON",
	} {
		aws := startAWS(t)
		refused, err := connected(t, aws, nil).publish(`{"type":"before"}`, event, `{"type":"after"}`)
		if err != nil || len(refused) != 1 || !strings.Contains(refused[1], want) {
			t.Errorf("%.50s: %v %v", event, refused, err)
		}
		if !slices.Equal(aws.taken, []string{`{"type":"before"}`, `{"type":"after"}`}) {
			t.Errorf("%.50s: taken were %.200v", event, aws.taken)
		}
	}
}

func TestEntriesThatEventBridgeRefusesAreNamedAndTheOthersAreTaken(t *testing.T) {
	aws, events := startAWS(t), numbered(25)
	aws.refuse = func(_ int, e putEntry) string {
		return map[string]string{"E3": "NotAuthorizedForSourceException", "E10": "MalformedDetail", "E24": "AccessDeniedException"}[e.DetailType]
	}
	refused, err := connected(t, aws, nil).publish(events...)
	if got := slices.Sorted(maps.Keys(refused)); err != nil || !slices.Equal(got, []int{3, 10, 24}) {
		t.Fatalf("%v %v", refused, err)
	}
	if refused[10] != "EventBridge refused the event: MalformedDetail: so the fake was told" || len(aws.taken) != 22 || !slices.Equal(aws.counts(), []int{10, 10, 5}) {
		t.Errorf("%v, %d were taken, in calls of %v", refused, len(aws.taken), aws.counts())
	}
}

func TestOnlyEntriesForWhichEventBridgeIsBusyAreOfferedAgain(t *testing.T) {
	aws, events := startAWS(t), numbered(12)
	aws.refuse = func(call int, e putEntry) string {
		switch {
		case call == 1 && e.DetailType == "E2", call <= 2 && e.DetailType == "E7":
			return "ThrottlingException"
		case call == 1 && e.DetailType == "E5":
			return "InternalFailure"
		}
		return ""
	}
	if refused, err := connected(t, aws, nil).publish(events...); err != nil || len(refused) > 0 {
		t.Fatalf("%v %v", refused, err)
	}
	taken := slices.Sorted(slices.Values(aws.taken))
	if !slices.Equal(aws.counts(), []int{10, 3, 1, 2}) || !slices.Equal(taken, slices.Sorted(slices.Values(events))) {
		t.Errorf("calls of %v, taken were %v", aws.counts(), taken)
	}
}

func TestAnEntryForWhichEventBridgeStaysBusyIsRefusedInTheEnd(t *testing.T) {
	aws := startAWS(t)
	aws.refuse = func(_ int, e putEntry) string {
		return map[string]string{"E1": "ThrottlingException"}[e.DetailType]
	}
	refused, err := connected(t, aws, nil).publish(numbered(3)...)
	if err != nil || len(refused) != 1 || !strings.Contains(refused[1], "ThrottlingException") || !slices.Equal(aws.counts(), []int{3, 1, 1, 1}) {
		t.Errorf("%v %v after calls of %v", refused, err, aws.counts())
	}
}

func TestACallThatFailsWholeEndsTheRequestAndWhatWasTakenBeforeStaysTaken(t *testing.T) {
	aws := startAWS(t)
	aws.fail = func(call int) (int, string) {
		if call == 2 {
			return http.StatusBadRequest, "ValidationException"
		}
		return 0, ""
	}
	refused, err := connected(t, aws, nil).publish(numbered(25)...)
	if err != nil || len(refused) != 15 || len(aws.taken) != 10 || !slices.Equal(aws.counts(), []int{10, 10}) {
		t.Fatalf("%v %v, calls of %v", refused, err, aws.counts())
	}
	for i := range 25 {
		if text, failed := refused[i]; failed != (i >= 10) || failed && !strings.Contains(text, "ValidationException: so the fake was told") {
			t.Errorf("%d: %q", i, text)
		}
	}
}

func TestAThrottledCallIsMadeAgain(t *testing.T) {
	aws := startAWS(t)
	aws.fail = func(call int) (int, string) {
		return map[int]int{1: http.StatusBadRequest, 2: http.StatusServiceUnavailable}[call], "ThrottlingException"
	}
	if refused, err := connected(t, aws, nil).publish(numbered(3)...); err != nil || len(refused) > 0 || !slices.Equal(aws.counts(), []int{3, 3, 3}) {
		t.Errorf("%v %v, calls of %v", refused, err, aws.counts())
	}
}

func TestARequestOfWhichNothingWasTakenFailsWithTheReason(t *testing.T) {
	aws := startAWS(t)
	aws.refuse = func(int, putEntry) string { return "AccessDeniedException" }
	s := connected(t, aws, nil)
	if refused, err := s.publish(numbered(2)...); err == nil || !strings.Contains(err.Error(), "AccessDeniedException: so the fake was told") || len(refused) > 0 {
		t.Errorf("bulk: %v %v", refused, err)
	}
	if _, err := s.Publish(s.ctx, &components.PublishRequest{Topic: "vcenter", Data: []byte(poweredOn)}); err == nil || !strings.Contains(err.Error(), "AccessDeniedException") {
		t.Errorf("one: %v", err)
	}
	aws.Close()
	if refused, err := s.publish(numbered(2)...); err == nil || !strings.Contains(err.Error(), "PutEvents") {
		t.Errorf("nobody listens: %v %v", refused, err)
	}
}

func TestAnAnswerForFewerEntriesIsTakenForNone(t *testing.T) {
	aws := startAWS(t)
	aws.short = true
	if _, err := connected(t, aws, nil).publish(numbered(3)...); err == nil || !strings.Contains(err.Error(), "answered for 2 entries of 3") {
		t.Errorf("%v", err)
	}
}

func TestAnEmptyRequestIsTaken(t *testing.T) {
	aws := startAWS(t)
	if refused, err := connected(t, aws, nil).publish(); err != nil || len(refused) > 0 || len(aws.counts()) > 0 {
		t.Errorf("%v %v, calls of %v", refused, err, aws.counts())
	}
}
