package egress

import (
	"errors"
	"net/http"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/limiter"
)

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
