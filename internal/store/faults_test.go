package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/store"
	"stsscan/internal/store/storetest"
)

// bubble runs a test with a server in memory, in a bubble where no time passes while somebody works.
func bubble(t *testing.T, server *storetest.Server, log io.Writer, test func(*testing.T, store.Store)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		config, stop := server.InMemory(slog.New(slog.NewTextHandler(log, nil)))
		defer stop()
		defer time.Sleep(time.Minute) // connections without work are closed
		test(t, open(t, "s3://surveys/run", config))
	})
}

// calls are what can be asked of a store in which run.json has the version was. Each gives an error if it did not
// have its effect.
func calls() map[string]func(context.Context, store.Store, store.Version) error {
	check := func(s store.Store, content string, version store.Version) error {
		got, object, err := s.Get(context.Background(), "run.json")
		if err == nil && (string(got) != content || object.Version != version) {
			err = fmt.Errorf("run.json has %q of %+v, not %q of %s", got, object, content, version)
		}
		return err
	}
	return map[string]func(context.Context, store.Store, store.Version) error{
		"put": func(ctx context.Context, s store.Store, was store.Version) error {
			version, err := s.Put(ctx, "run.json", []byte("two"), was)
			if err != nil {
				return err
			}
			return check(s, "two", version)
		},
		"get": func(ctx context.Context, s store.Store, was store.Version) error {
			got, object, err := s.Get(ctx, "run.json")
			if err == nil && (string(got) != "one" || object.Version != was) {
				err = fmt.Errorf("it has %q of %+v", got, object)
			}
			return err
		},
		"stat": func(ctx context.Context, s store.Store, was store.Version) error {
			object, err := s.Stat(ctx, "run.json")
			if err == nil && object != (store.Object{Name: "run.json", Size: 3, Version: was}) {
				err = fmt.Errorf("it is %+v", object)
			}
			return err
		},
		"list": func(ctx context.Context, s store.Store, _ store.Version) error {
			objects, err := s.List(ctx, "run")
			if err == nil && (len(objects) != 1 || objects[0] != (store.Object{Name: "run.json", Size: 3})) {
				err = fmt.Errorf("there is %+v", objects)
			}
			return err
		},
		"remove": func(ctx context.Context, s store.Store, was store.Version) error {
			if err := s.Remove(ctx, "run.json", was); err != nil {
				return err
			}
			if _, err := s.Stat(ctx, "run.json"); !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("it is still there, %v", err)
			}
			return nil
		},
	}
}

func faults() map[string]storetest.Fault {
	faults := map[string]storetest.Fault{
		"500":           storetest.Refuse(http.StatusInternalServerError, "InternalError"),
		"503":           storetest.Refuse(http.StatusServiceUnavailable, "SlowDown"),
		"409":           storetest.Refuse(http.StatusConflict, "ConditionalRequestConflict"),
		"no answer":     storetest.Hang(),
		"disconnection": storetest.Drop(),
	}
	for name, fault := range faults {
		if !strings.HasSuffix(name, "after") {
			faults[name+" after"] = fault.After()
		}
	}
	return faults
}

// TestFaults lets each call fail twice in each way. It has its effect nevertheless.
func TestFaults(t *testing.T) {
	for call, do := range calls() {
		here := faults()
		here["400"] = storetest.Refuse(http.StatusBadRequest, "RequestTimeout")
		if call == "stat" { // its answer has no code
			delete(here, "400")
		}
		if call == "get" || call == "list" {
			here["half an answer"] = storetest.Cut()
		}
		if call == "get" {
			here["damage"] = storetest.Damage()
		}
		for name, fault := range here {
			most := 2
			if call == "remove" && strings.HasSuffix(name, "after") {
				most = 1 // the next attempt sees that it is gone
			}
			t.Run(call+" "+name, func(t *testing.T) { testFault(t, call, do, fault, most) })
		}
	}
}

func testFault(
	t *testing.T, call string, do func(context.Context, store.Store, store.Version) error, fault storetest.Fault, most int,
) {
	server := storetest.NewServer()
	bubble(t, server, io.Discard, func(t *testing.T, s store.Store) {
		was, err := s.Put(t.Context(), "run.json", []byte("one"), store.Absent)
		if err != nil {
			t.Fatal(err)
		}
		failures := 0
		server.Fault = func(request storetest.Request) storetest.Fault {
			if request.Kind != call || failures == most {
				return storetest.Fault{}
			}
			failures++
			return fault
		}
		begun := time.Now()
		if err := do(t.Context(), s, was); err != nil {
			t.Error(err)
		}
		if lasted := time.Since(begun); lasted > 2*store.DefaultAttempt+10*time.Second {
			t.Errorf("it lasted %s", lasted)
		}
		if failures != most {
			t.Errorf("it failed %d times", failures)
		}
	})
}

// TestLastingFaults lets a server fail for ever. Each call ends in bounded time, with few requests, and says why.
func TestLastingFaults(t *testing.T) {
	for call, do := range calls() {
		for name, fault := range faults() {
			t.Run(call+" "+name, func(t *testing.T) { testLastingFault(t, call, do, name, fault) })
		}
	}
}

func testLastingFault(
	t *testing.T, call string, do func(context.Context, store.Store, store.Version) error,
	name string, fault storetest.Fault,
) {
	name, after := strings.CutSuffix(name, " after")
	why := map[string]string{
		"500": "500 Internal", "503": "503 S", "409": "409 Con", "no answer": "no answer in time", "disconnection": "onnection",
	}[name]
	server := storetest.NewServer()
	var log bytes.Buffer
	bubble(t, server, &log, func(t *testing.T, s store.Store) {
		was, err := s.Put(t.Context(), "run.json", []byte("one"), store.Absent)
		if err != nil {
			t.Fatal(err)
		}
		before := server.Requests(call)
		server.Fault = func(request storetest.Request) storetest.Fault {
			if request.Kind == call {
				return fault
			}
			return storetest.Fault{}
		}
		begun := time.Now()
		err = do(t.Context(), s, was)
		if call == "remove" && after {
			if err != nil { // it is gone, which the next attempt sees
				t.Error(err)
			}
			return
		}
		if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), why) ||
			!strings.Contains(err.Error(), "s3://surveys/run/") || !strings.Contains(err.Error(), "run the command again") {
			t.Errorf("the error is %v", err)
		}
		lasted, requests := time.Since(begun), server.Requests(call)-before
		if lasted < store.DefaultWait/2 || lasted > store.DefaultWait+store.DefaultAttempt || requests < 2 || requests > 60 {
			t.Errorf("it lasted %s, and took %d requests", lasted, requests)
		}
		if !strings.Contains(log.String(), "asked again") {
			t.Errorf("the log has %q", &log)
		}
	})
}

// TestPutAfterDoubt puts an object whose first request may have had its effect, where another process has put one.
func TestPutAfterDoubt(t *testing.T) {
	for content, want := range map[string]error{"ours": nil, "theirs": store.ErrChanged} {
		server, seen := storetest.NewServer(), 0
		server.Fault = func(request storetest.Request) storetest.Fault {
			if request.Kind == "put" && strings.HasSuffix(request.Name, "run.json") {
				if seen++; seen == 2 {
					return storetest.Drop()
				}
			}
			return storetest.Fault{}
		}
		bubble(t, server, io.Discard, func(t *testing.T, s store.Store) {
			was, err := s.Put(t.Context(), "run.json", []byte(content), store.Absent)
			if err != nil {
				t.Fatal(err)
			}
			version, err := s.Put(t.Context(), "run.json", []byte("ours"), store.Absent)
			if !errors.Is(err, want) || want == nil && (err != nil || version != was) {
				t.Errorf("over %s: the error is %v, the version %q after %q", content, err, version, was)
			}
		})
	}
}

// TestDamaged reads an object that is never what was put.
func TestDamaged(t *testing.T) {
	server := storetest.NewServer()
	bubble(t, server, io.Discard, func(t *testing.T, s store.Store) {
		if _, err := s.Put(t.Context(), "run.json", []byte("one"), store.Absent); err != nil {
			t.Fatal(err)
		}
		server.Fault = func(storetest.Request) storetest.Fault { return storetest.Damage() }
		content, _, err := s.Get(t.Context(), "run.json")
		if !errors.Is(err, store.ErrDamaged) || content != nil || server.Requests("get") != 3 {
			t.Errorf("there is %q, %v, after %d requests", content, err, server.Requests("get"))
		}
	})
}

// TestStopped ends a call that waits for its next attempt, and one that waits for an answer.
func TestStopped(t *testing.T) {
	stopped := errors.New("stopped by the test")
	for call, do := range calls() {
		for name, fault := range faults() {
			server := storetest.NewServer()
			server.Fault = func(storetest.Request) storetest.Fault { return fault }
			bubble(t, server, io.Discard, func(t *testing.T, s store.Store) {
				ctx, cancel := context.WithTimeoutCause(t.Context(), 1500*time.Millisecond, stopped)
				defer cancel()
				begun := time.Now()
				err := do(ctx, s, "1")
				if lasted := time.Since(begun); !errors.Is(err, stopped) || lasted > 2*time.Second {
					t.Errorf("%s, %s: %v after %s", call, name, err, lasted)
				}
			})
		}
	}
}

// TestUnreachable asks a server that was never there. It is given up soon: a name may be wrong.
func TestUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := storetest.Config("http://store.example")
		config.Dial = func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		}
		begun := time.Now()
		_, _, err := open(t, "s3://surveys/run", config).Get(t.Context(), "run.json")
		if lasted := time.Since(begun); !errors.Is(err, store.ErrUnavailable) || lasted > store.DefaultReach ||
			!strings.Contains(err.Error(), "check the endpoint http://store.example") {
			t.Errorf("%v after %s", err, lasted)
		}
	})
}
