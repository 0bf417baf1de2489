package metrics

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/common/expfmt"
)

// Limits of the server, so that no client holds the end of a run up.
const (
	requestTime = 10 * time.Second // to read a request, and to write its answer
	headerBytes = 8 << 10
	closeTime   = time.Second // for answers that are being written at the end
)

// answer answers with what WriteFile writes. The handler of client_golang would add 0.3 MB to the program.
func (m *Metrics) answer(w http.ResponseWriter, _ *http.Request) {
	text, err := m.text()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", string(expfmt.NewFormat(expfmt.TypeTextPlain)))
	_, _ = w.Write(text) // a client that went away
}

// Serve serves the metrics at http://addr/metrics until stop is called, and returns the address, with the port that
// was chosen for port 0.
func (m *Metrics) Serve(ctx context.Context, addr string) (at net.Addr, stop func(), err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, nil, fmt.Errorf("serve metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", m.answer)
	server := &http.Server{
		Handler: mux, ReadTimeout: requestTime, WriteTimeout: requestTime, IdleTimeout: requestTime,
		MaxHeaderBytes: headerBytes,
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // http.ErrServerClosed
	}()
	stop = func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
		defer cancel()
		if err := server.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
			_ = server.Close()
		}
		<-served
	}
	return listener.Addr(), stop, nil
}
