package egress

import (
	"errors"
	"net/http"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/limiter"
)

// observe tells how a request ended, and how long it took without the wait for its
// turn. One that was put off was not made, nor was one to a host that is not awaited again.
func (t *Transport) observe(req *http.Request, resp *http.Response, err error, took time.Duration) {
	var failed *Error
	if errors.As(err, &failed) && (failed.Later() || errors.Is(failed, limiter.ErrNotAwaited)) {
		return
	}
	t.config.Observe(req.Method, requestResult(resp, failed), took)
}

// requestResult is one word of a small set for the end of a request: the class of
// its status, or what failed.
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

// RequestResults lists what Config.Observe may be told.
func RequestResults() []string {
	return []string{
		"1xx", "2xx", "3xx", "4xx", "5xx", "other",
		string(codes.StageDNS), string(codes.StageTCP), string(codes.StageTLS), string(codes.StageHTTP), "local",
	}
}
