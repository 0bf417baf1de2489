package egress

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
	"stsscan/internal/limiter"
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

// observe reports how a request ended, and how long it took without the wait for a permit. Requests that were
// put off, or whose slow hosts are not waited for again, were not made and do not count.
func (t *Transport) observe(req *http.Request, resp *http.Response, err error, took time.Duration) {
	var failed *Error
	if errors.As(err, &failed) && (failed.Later() || errors.Is(failed, limiter.ErrNotAwaited)) {
		return
	}
	t.config.Observe(req.Method, requestResult(resp, failed), took)
}

// requestResult is one word of a small set: the class of the status, or what failed.
func requestResult(resp *http.Response, failed *Error) string {
	switch {
	case failed != nil && failed.Local():
		return "local"
	case failed != nil:
		return string(failed.PolicyStage())
	case resp.StatusCode > 599:
		return "other"
	}
	return [...]string{"other", "1xx", "2xx", "3xx", "4xx", "5xx"}[resp.StatusCode/100]
}

// RequestResults lists the results that Config.Observe is called with.
func RequestResults() []string {
	return []string{
		"1xx", "2xx", "3xx", "4xx", "5xx", "other",
		string(codes.StageDNS), string(codes.StageTCP), string(codes.StageTLS), string(codes.StageHTTP), "local",
	}
}

// httpError is the failure of a request on a connection that was accepted.
func httpError(ctx context.Context, host string, err error) *Error {
	trace := traceOf(ctx)
	if cancelled(ctx) || wanting(err) {
		return ourFault(host, trace.Addr, codes.StageHTTP, err)
	}
	if _, ok := alertText(err); ok {
		// In TLS 1.3 the server may refuse the handshake after we have ended it.
		trace.TLSError, trace.TLSAlert = handshakeError(err), alertNumber(err)
		return tlsFailure(host, trace.Addr, trace.TLSError, err)
	}
	trace.HTTP2Only = errors.Is(err, errHTTP2)
	return &Error{host: host, addr: trace.Addr, stage: codes.StageHTTP, reason: httpReason(err), err: err}
}

func httpReason(err error) codes.PolicyReason {
	switch {
	case fault.TimedOut(err):
		return codes.ReasonTimeout
	case errors.Is(err, errHeaderTooLarge):
		return codes.ReasonHeadersTooLarge
	case reset(err):
		return codes.ReasonReset
	}
	return codes.ReasonMalformed
}

// bodyError is what ended a body: an [*Error] where the fault is not the host's.
func bodyError(reading context.Context, host string, addr netip.Addr, err error) error {
	switch {
	case wanting(err):
		return ourFault(host, addr, codes.StageBody, err)
	case fault.TimedOut(err) && notAwaited(reading):
		return &Error{host: host, addr: addr, stage: codes.StageBody, reason: codes.ReasonTimeout, unawaited: true, err: err}
	}
	return err
}
