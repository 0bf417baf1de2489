package egress

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"stsscan/internal/codes"
)

// RoundTrip sends the request and returns the response, whatever its status. The deadline is that of the
// request's context, or of its [WithTimeout], which also ends the reading of the body. Of the request's header
// only Accept and Accept-Encoding are sent.
//
// An error is of type *[Error]. A body without a length ends with io.EOF only after close_notify, otherwise
// with an error that has a method Unclosed.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	trace, began := traceOf(req.Context()), time.Now()
	waited := trace.WaitTime
	resp, err := t.roundTrip(WithTrace(req.Context(), trace), req)
	t.observe(req, resp, err, time.Since(began)-(trace.WaitTime-waited))
	if err != nil {
		t.config.Log.Debug("no response", "host", req.URL.Host, "error", err)
		return nil, err
	}
	return resp, nil
}

func (t *Transport) roundTrip(ctx context.Context, req *http.Request) (*http.Response, error) {
	host := req.URL.Hostname()
	if err := check(req); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, &Error{host: host, stage: codes.StageHTTP, reason: codes.ReasonMalformed, err: err}
	}
	conn, err := t.connect(ctx, host)
	if err != nil {
		return nil, err
	}
	header := http.Header{"User-Agent": {t.config.UserAgent}}
	out := &http.Request{Method: http.MethodGet, URL: req.URL, Close: true, Header: header}
	for _, name := range []string{"Accept", "Accept-Encoding"} {
		if values := req.Header.Values(name); len(values) > 0 {
			header[name] = values
		}
	}
	conn.permit.Asked(passOf(ctx))
	running, stop := budgetOf(ctx).run(ctx)
	addr := traceOf(ctx).Addr
	stage, done := t.dialer.stage(running, addr, t.config.HeaderTimeout, nil)
	resp, err := exchange(stage, conn, out)
	ended := notAwaited(stage)
	done()
	if err != nil {
		_ = conn.Close()
		failed := httpError(running, host, err)
		failed.unawaited = failed.Timeout() && ended
		stop()
		return nil, failed
	}
	if later, ok := retryAfter(resp, time.Now()); ok {
		conn.permit.RetryAfter(later)
	}
	reading, done := t.bodyStage(running, addr)
	release := useUntil(reading, conn)
	resp.Request = req
	toEnd := resp.ContentLength < 0 && len(resp.TransferEncoding) == 0
	resp.Body = &body{
		resp.Body, conn, toEnd, sync.OnceFunc(func() { release(); done(); stop() }),
		func(err error) error { return bodyError(reading, host, addr, err) },
	}
	return resp, nil
}

// bodyStage is the context of a body, which has no time-out of its own.
func (t *Transport) bodyStage(running context.Context, addr netip.Addr) (reading context.Context, done func()) {
	if c := budgetOf(running); c != nil && c.whole {
		return t.dialer.stage(running, addr, c.quickLeft(), nil)
	}
	return running, func() {}
}

// check refuses what is no request for a policy.
func check(req *http.Request) error {
	switch port := req.URL.Port(); {
	case req.URL.Scheme != "https" || port != "" && port != "443":
		return errors.New("not an https URL on port 443")
	case req.Method != "" && req.Method != http.MethodGet, req.Body != nil && req.Body != http.NoBody:
		return errors.New("not a GET request without a body")
	}
	return nil
}
