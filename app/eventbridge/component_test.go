package eventbridge_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	components "github.com/dapr/dapr/pkg/proto/components/v1"
	"github.com/rs/zerolog"
	"google.golang.org/grpc/codes"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"

	"github.com/vcrelay/vcrelay/app/eventbridge"
)

func TestASidecarFindsAPubSubWithBulkByReflection(t *testing.T) {
	p := startComponent(t, socketFolder(t))
	if filepath.Base(p.Socket()) != "vcrelay.eventbridge.sock" {
		t.Errorf("the socket is %s", p.Socket())
	}
	s := p.sidecar(t, "events")
	stream, err := reflectionpb.NewServerReflectionClient(s.connection).ServerReflectionInfo(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	question := &reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}} //nolint:staticcheck // as above
	if err := stream.Send(question); err != nil {
		t.Fatal(err)
	}
	answer, err := stream.Recv()
	if err != nil || !strings.Contains(answer.String(), components.PubSub_ServiceDesc.ServiceName) {
		t.Errorf("%v %v", answer, err)
	}
	features, err := s.Features(s.ctx, &components.FeaturesRequest{})
	if err != nil || len(features.GetFeatures()) != 1 || features.GetFeatures()[0] != "BULK_PUBSUB" {
		t.Errorf("%v %v", features, err)
	}
	if _, err := s.Ping(s.ctx, &components.PingRequest{}); err != nil {
		t.Error(err)
	}
}

func TestASubscriptionIsRefusedWithWhatToDoInstead(t *testing.T) {
	s := startComponent(t, socketFolder(t)).sidecar(t, "events")
	stream, err := s.PullMessages(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); status.Code(err) != codes.Unimplemented || !strings.Contains(err.Error(), "SQS queue") {
		t.Errorf("%v", err)
	}
}

func TestEachComponentFileHasABusOfItsOwn(t *testing.T) {
	aws := startAWS(t)
	p := startComponent(t, socketFolder(t))
	for _, name := range []string{"one", "two"} {
		if err := p.sidecar(t, name).initialise(map[string]string{"endpoint": aws.URL, "eventBusName": "bus-" + name}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"one", "two"} {
		if refused, err := p.sidecar(t, name).publish(poweredOn); err != nil || len(refused) > 0 {
			t.Fatalf("%s: %v %v", name, refused, err)
		}
	}
	if got := aws.entries(); got[0].EventBusName != "bus-one" || got[1].EventBusName != "bus-two" {
		t.Errorf("%+v", got)
	}
}

func TestWhatIsWrongInAComponentFileIsSaidAtTheStartAllAtOnce(t *testing.T) {
	s := startComponent(t, socketFolder(t)).sidecar(t, "events")
	err := s.initialise(map[string]string{"busName": "x", "accessKey": "AK", "source": "aws.vcenter", "endpoint": "127.0.0.1:5000"})
	for _, want := range []string{`metadata "busName" is not known`, "accessKey and secretKey belong together", `source "aws.vcenter"`, "endpoint is no URL"} {
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	t.Setenv("AWS_REGION", "")
	if err := s.initialise(nil); err == nil || !strings.Contains(err.Error(), "set the metadata region, or AWS_REGION") {
		t.Errorf("without a region: %v", err)
	}
	if err := s.initialise(map[string]string{"region": "eu-central-1", "allowedTopics": "vcenter"}); err != nil {
		t.Errorf("with one: %v", err)
	}
}

func TestARestartOfTheProcessNeedsNoneOfTheSidecar(t *testing.T) {
	aws, folder := startAWS(t), socketFolder(t)
	first := startComponent(t, folder)
	s := first.sidecar(t, "events")
	if err := s.initialise(map[string]string{"endpoint": aws.URL, "eventBusName": "vcenter-bus"}); err != nil {
		t.Fatal(err)
	}
	first.stop()
	startComponent(t, folder)
	if refused, err := s.publish(poweredOn); err != nil || len(refused) > 0 || aws.entries()[0].EventBusName != "vcenter-bus" {
		t.Errorf("%v %v %+v", refused, err, aws.entries())
	}
}

func TestCredentialsOfAComponentFileAreNeverWrittenDown(t *testing.T) {
	aws, folder := startAWS(t), socketFolder(t)
	first := startComponent(t, folder)
	s := first.sidecar(t, "events")
	for _, said := range []map[string]string{
		{"endpoint": aws.URL}, // what is kept of this one is not true any more with the next one
		{"endpoint": aws.URL, "accessKey": "AK", "secretKey": "S3cr3t"},
	} {
		if err := s.initialise(said); err != nil {
			t.Fatal(err)
		}
	}
	if err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			t.Errorf("there is %s", path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	first.stop()
	startComponent(t, folder)
	if _, err := s.publish(poweredOn); status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "restart the sidecar") || len(aws.counts()) > 0 {
		t.Errorf("%v", err)
	}
}

func TestNobodyElseReadsWhatIsKept(t *testing.T) {
	aws, folder := startAWS(t), filepath.Join(socketFolder(t), "made")
	if err := startComponent(t, folder).sidecar(t, "../../escaped").initialise(map[string]string{"endpoint": aws.URL}); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(folder, "vcrelay.eventbridge", "..%2F..%2Fescaped.json")
	for path, want := range map[string]fs.FileMode{folder: 0o700, filepath.Dir(kept): 0o700, kept: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", path, info, err)
		}
	}
}

func TestASocketThatAKilledProcessLeftIsTakenAwayAndOneInUseIsNot(t *testing.T) {
	folder := socketFolder(t)
	listener, err := net.Listen("unix", filepath.Join(folder, eventbridge.Name+".sock"))
	if err != nil {
		t.Fatal(err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	second := eventbridge.New(folder, zerolog.Nop())
	if err := second.Run(t.Context()); !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), second.Socket()) {
		t.Errorf("in use: %v", err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	p := startComponent(t, folder)
	s := p.sidecar(t, "events")
	if _, err := s.Ping(s.ctx, &components.PingRequest{}); err != nil {
		t.Errorf("left behind: %v", err)
	}
	p.stop()
	if _, err := os.Stat(p.Socket()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("and the next one left it as well: %v", err)
	}
}

func TestAFolderThatCannotBeHadNamesTheVariable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, folder := range map[string]string{"a file": file, "too long": filepath.Join(t.TempDir(), strings.Repeat("long", 30))} {
		if err := eventbridge.New(folder, zerolog.Nop()).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "DAPR_COMPONENTS_SOCKETS_FOLDER") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARequestOnItsWayIsAnsweredBeforeTheProcessEnds(t *testing.T) {
	aws := startAWS(t)
	p := startComponent(t, socketFolder(t))
	s := p.sidecar(t, "events")
	if err := s.initialise(map[string]string{"endpoint": aws.URL}); err != nil {
		t.Fatal(err)
	}
	arrived, stopping := make(chan struct{}), make(chan struct{})
	aws.refuse = func(int, putEntry) string { close(arrived); <-stopping; return "" }
	result := make(chan error, 1)
	go func() { _, err := s.publish(poweredOn); result <- err }()
	<-arrived
	stopped := make(chan struct{})
	go func() { p.stop(); close(stopped) }()
	for {
		if _, err := new(net.Dialer).DialContext(context.Background(), "unix", p.Socket()); err != nil {
			break // it takes no more connections: it is about to end
		}
	}
	close(stopping)
	if err := <-result; err != nil {
		t.Errorf("%v", err)
	}
	<-stopped
}
