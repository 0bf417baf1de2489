package mtasts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// A trip is a RoundTripper of one response.
type trip struct {
	resp *http.Response
	err  error
	reqs []*http.Request
}

func (rt *trip) RoundTrip(req *http.Request) (*http.Response, error) {
	rt.reqs = append(rt.reqs, req)
	return rt.resp, rt.err
}

// A body remembers whether it was closed.
type body struct {
	io.Reader
	closed bool
}

func (b *body) Close() error { b.closed = true; return nil }

// response is a whole response; header lines are "Name: value".
func response(status int, text string, header ...string) *http.Response {
	resp := &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, ContentLength: int64(len(text)), Body: &body{Reader: strings.NewReader(text)},
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		resp.Header.Add(name, value)
	}
	return resp
}

// An unclosedError is a transport's error where only close_notify is missing.
type unclosedError struct{}

func (unclosedError) Error() string  { return "no close_notify" }
func (unclosedError) Unclosed() bool { return true }

func goodText() string { return strings.ReplaceAll(with(""), "\n", "\r\n") }

const plainText = "Content-Type: text/plain"

func TestFetchPolicy(t *testing.T) {
	good, gooder := enforcing("mx1.example.com"), goodText()
	padded := func(size int) string { return gooder + "x: " + strings.Repeat("y", size-len(gooder)-3) }
	valid := func(more Fetch) Fetch {
		more.Class, more.Status, more.Read, more.Policy, more.Strict, more.Lenient = codes.PolicyValid, 200, true, good,
			true, true
		if more.Body == nil {
			more.Body, more.BodyBytes = []byte(gooder), int64(len(gooder))
		}
		if more.Framing == "" {
			more.Framing = codes.FramingContentLength
		}
		if more.ContentType == "" {
			more.ContentType = "text/plain"
		}
		return more
	}
	unfit := func(more Fetch) Fetch {
		more = valid(more)
		more.Strict, more.Lenient = false, false
		return more
	}
	status := func(status int, reason codes.PolicyReason, more Fetch) Fetch {
		more.Class, more.Stage, more.Reason, more.Status = codes.PolicyUnreachable, codes.StageHTTP, reason, status
		return more
	}
	inBody := func(reason codes.PolicyReason, text string, more Fetch) Fetch {
		more.Class, more.Stage, more.Reason, more.Status = codes.PolicyUnreachable, codes.StageBody, reason, 200
		more.Body, more.BodyBytes, more.ContentType = []byte(text), int64(len(text)), "text/plain"
		if more.Framing == "" {
			more.Framing = codes.FramingContentLength
		}
		return more
	}
	broken := func(text string, err error) *http.Response {
		resp := response(200, text, plainText)
		resp.ContentLength = int64(len(text)) + 100
		resp.Body = &body{Reader: io.MultiReader(strings.NewReader(text), iotest.ErrReader(err))}
		return resp
	}
	closing := response(200, gooder, plainText)
	closing.ContentLength = -1
	chunked := response(200, gooder, plainText)
	chunked.ContentLength, chunked.TransferEncoding = -1, []string{"chunked"}
	unnotified := func() *http.Response {
		resp := broken(gooder, unclosedError{})
		resp.ContentLength = -1
		return resp
	}
	bothLengths := response(200, gooder, plainText, "Content-Length: 5", "Transfer-Encoding: chunked")
	bothLengths.ContentLength, bothLengths.TransferEncoding = -1, []string{"chunked"}
	http2 := response(200, gooder, plainText)
	http2.ContentLength, http2.ProtoMajor = -1, 2
	liar := response(200, gooder, plainText)
	liar.ContentLength = 5
	naked := &http.Response{StatusCode: 200, ContentLength: -1}
	nakedRedirect := &http.Response{StatusCode: 302}
	long := strings.Repeat("\u00e9", 400)
	h2 := valid(Fetch{})
	h2.Framing = ""

	for name, tt := range map[string]struct {
		resp *http.Response
		want Fetch
		err  codes.Sentinel
	}{
		"a policy":      {response(200, gooder, plainText), valid(Fetch{}), ""},
		"its evidence":  {response(200, gooder, plainText, "Server: "+long, "Location: \xff", "Content-Encoding: identity"), valid(Fetch{Server: long[:512], Location: "\uFFFD", ContentEncoding: "identity"}), ""},
		"chunked":       {chunked, valid(Fetch{Framing: codes.FramingChunked}), ""},
		"until closing": {closing, valid(Fetch{Framing: codes.FramingClose}), ""},
		"until closing, and no close_notify": {unnotified(), func() Fetch {
			f := valid(Fetch{Framing: codes.FramingClose, Findings: []codes.Finding{codes.FindTruncationPossible}})
			f.Strict = false
			return f
		}(), ""},
		"no close_notify, and a length": {broken(gooder, unclosedError{}), inBody(codes.ReasonMalformed, gooder, Fetch{}), codes.ErrPolicyFetch},
		"chunked beside a length":       {bothLengths, valid(Fetch{Framing: codes.FramingChunked, Findings: []codes.Finding{codes.FindLengthAndTransferEncoding}}), ""},
		"HTTP/2":                        {http2, h2, ""},
		"just 64 KiB": {response(200, padded(maxBody), plainText), func() Fetch {
			f := valid(Fetch{Body: []byte(padded(maxBody)), BodyBytes: maxBody,
				Findings: []codes.Finding{codes.FindExtension, codes.FindNoFinalLineEnd}})
			f.Policy.Extensions = []Pair{{"x", strings.Repeat("y", maxBody-len(gooder)-3)}}
			return f
		}(), ""},

		// The media type: the policy is read, and few senders use it (section 3.2).
		"media type in another case":  {response(200, gooder, `Content-Type: TEXT/Plain; Charset="UTF-8"; x=y`), valid(Fetch{ContentType: `TEXT/Plain; Charset="UTF-8"; x=y`}), ""},
		"us-ascii":                    {response(200, gooder, `Content-Type: text/plain;charset=US-ascii`), valid(Fetch{ContentType: `text/plain;charset=US-ascii`}), ""},
		"another charset":             {response(200, gooder, `Content-Type: text/plain; charset=iso-8859-1`), valid(Fetch{ContentType: `text/plain; charset=iso-8859-1`, Findings: []codes.Finding{codes.FindCharsetOther}}), ""},
		"another type":                {response(200, gooder, `Content-Type: text/html; charset=utf-16`), unfit(Fetch{ContentType: `text/html; charset=utf-16`, Findings: []codes.Finding{codes.FindMediaTypeOther, codes.FindCharsetOther}}), ""},
		"a type that begins like it":  {response(200, gooder, `Content-Type: text/plainer`), unfit(Fetch{ContentType: `text/plainer`, Findings: []codes.Finding{codes.FindMediaTypeOther}}), ""},
		"a type of broken parameters": {response(200, gooder, `Content-Type: text/plain ; charset=utf-8; charset=latin1; =`), valid(Fetch{ContentType: `text/plain ; charset=utf-8; charset=latin1; =`}), ""},
		"a type that is none":         {response(200, gooder, `Content-Type: ; charset=utf-8`), unfit(Fetch{ContentType: `; charset=utf-8`, Findings: []codes.Finding{codes.FindMediaTypeOther}}), ""},
		"no type": {response(200, gooder), func() Fetch {
			f := unfit(Fetch{Findings: []codes.Finding{codes.FindMediaTypeMissing}})
			f.ContentType = ""
			return f
		}(), ""},

		// Only status 200 counts (section 3.3).
		"404":              {response(404, gooder), Fetch{Class: codes.PolicyMissing, Stage: codes.StageHTTP, Reason: codes.ReasonNotFound, Status: 404}, codes.ErrNoPolicy},
		"403":              {response(403, ""), status(403, codes.ReasonForbidden, Fetch{}), codes.ErrPolicyFetch},
		"410":              {response(410, ""), status(410, codes.ReasonClientError, Fetch{}), codes.ErrPolicyFetch},
		"429":              {response(429, ""), status(429, codes.ReasonClientError, Fetch{}), codes.ErrPolicyFetch},
		"500":              {response(500, ""), status(500, codes.ReasonServerError, Fetch{}), codes.ErrPolicyFetch},
		"503":              {response(503, "", "Server: a"), status(503, codes.ReasonServerError, Fetch{Server: "a"}), codes.ErrPolicyFetch},
		"201":              {response(201, gooder), status(201, codes.ReasonStatus, Fetch{}), codes.ErrPolicyFetch},
		"204":              {response(204, ""), status(204, codes.ReasonStatus, Fetch{}), codes.ErrPolicyFetch},
		"206":              {response(206, gooder), status(206, codes.ReasonStatus, Fetch{}), codes.ErrPolicyFetch},
		"101":              {response(101, ""), status(101, codes.ReasonStatus, Fetch{}), codes.ErrPolicyFetch},
		"600":              {response(600, ""), status(600, codes.ReasonStatus, Fetch{}), codes.ErrPolicyFetch},
		"301":              {response(301, gooder, "Location: https://example.net/"), status(301, codes.ReasonRedirect, Fetch{Location: "https://example.net/"}), codes.ErrPolicyFetch},
		"304":              {response(304, ""), status(304, codes.ReasonRedirect, Fetch{}), codes.ErrPolicyFetch},
		"308":              {response(308, "", "Location: /"), status(308, codes.ReasonRedirect, Fetch{Location: "/"}), codes.ErrPolicyFetch},
		"302, and nothing": {nakedRedirect, status(302, codes.ReasonRedirect, Fetch{}), codes.ErrPolicyFetch},

		// The body.
		"one octet more": {response(200, padded(maxBody+1), plainText), func() Fetch {
			f := inBody(codes.ReasonTooLarge, padded(maxBody + 1)[:maxBody], Fetch{})
			f.Class, f.BodyBytes = codes.PolicyInvalid, maxBody+1
			return f
		}(), codes.ErrPolicySyntax},
		"cut short":                     {broken(gooder, io.ErrUnexpectedEOF), inBody(codes.ReasonTruncated, gooder, Fetch{}), codes.ErrPolicyFetch},
		"cut short silently":            {broken(gooder, io.EOF), inBody(codes.ReasonTruncated, gooder, Fetch{}), codes.ErrPolicyFetch},
		"more than said":                {liar, inBody(codes.ReasonTruncated, gooder, Fetch{}), codes.ErrPolicyFetch},
		"reset":                         {broken("ver", io.ErrClosedPipe), inBody(codes.ReasonReset, "ver", Fetch{}), codes.ErrPolicyFetch},
		"past the deadline":             {broken("ver", context.DeadlineExceeded), inBody(codes.ReasonTimeout, "ver", Fetch{}), codes.ErrPolicyFetch},
		"too slow":                      {broken("", slowError{}), inBody(codes.ReasonTimeout, "", Fetch{}), codes.ErrPolicyFetch},
		"broken chunks":                 {broken("", errors.New("invalid byte in chunk length")), inBody(codes.ReasonMalformed, "", Fetch{}), codes.ErrPolicyFetch},
		"an error that explains itself": {broken("", saysPolicy(codes.StageBody, codes.ReasonReset)), inBody(codes.ReasonReset, "", Fetch{}), codes.ErrPolicyFetch},
		"gzip":                          {response(200, "\x1f\x8b", plainText, "Content-Encoding: gzip"), inBody(codes.ReasonEncoded, "\x1f\x8b", Fetch{ContentEncoding: "gzip"}), codes.ErrPolicyFetch},
		"identity and br":               {response(200, gooder, plainText, "Content-Encoding: Identity", "Content-Encoding: , BR"), inBody(codes.ReasonEncoded, gooder, Fetch{ContentEncoding: "Identity, , BR"}), codes.ErrPolicyFetch},
		"an empty encoding":             {response(200, gooder, plainText, "Content-Encoding: "), valid(Fetch{}), ""},
		"gzip without end": {response(200, strings.Repeat("z", maxBody+1), plainText, "Content-Encoding: gzip"), func() Fetch {
			f := inBody(codes.ReasonEncoded, strings.Repeat("z", maxBody), Fetch{ContentEncoding: "gzip"})
			f.BodyBytes++
			return f
		}(), codes.ErrPolicyFetch},

		// The text.
		"empty": {response(200, "", plainText), Fetch{Class: codes.PolicyInvalid, Stage: codes.StageSyntax, Reason: codes.ReasonEmpty, Status: 200, ContentType: "text/plain",
			Framing: codes.FramingContentLength, Body: []byte{}, Read: true, Policy: Policy{MaxAge: -1}, Findings: []codes.Finding{codes.FindEmpty}}, codes.ErrPolicySyntax},
		"a blank line": {response(200, "\r\n"+gooder, plainText), Fetch{Class: codes.PolicyInvalid, Stage: codes.StageSyntax, Reason: codes.ReasonBlankLine, Status: 200,
			ContentType: "text/plain", Framing: codes.FramingContentLength, Body: []byte("\r\n" + gooder), BodyBytes: int64(len(gooder) + 2), Read: true, Policy: good, Lenient: true,
			Findings: []codes.Finding{codes.FindBlankLine}}, codes.ErrPolicySyntax},
		"a blank line of no type": {response(200, "\r\n"+gooder), Fetch{Class: codes.PolicyInvalid, Stage: codes.StageSyntax, Reason: codes.ReasonBlankLine, Status: 200,
			Framing: codes.FramingContentLength, Body: []byte("\r\n" + gooder), BodyBytes: int64(len(gooder) + 2), Read: true, Policy: good,
			Findings: []codes.Finding{codes.FindMediaTypeMissing, codes.FindBlankLine}}, codes.ErrPolicySyntax},
		"a byte order mark": {response(200, "\uFEFF"+gooder, plainText), Fetch{Class: codes.PolicyInvalid, Stage: codes.StageSyntax, Reason: codes.ReasonByteOrderMark, Status: 200,
			ContentType: "text/plain", Framing: codes.FramingContentLength, Body: []byte("\uFEFF" + gooder), BodyBytes: int64(len(gooder) + 3), Read: true, Policy: good,
			Findings: []codes.Finding{codes.FindByteOrderMark}}, codes.ErrPolicySyntax},
		"nothing at all": {naked, Fetch{Class: codes.PolicyInvalid, Stage: codes.StageSyntax, Reason: codes.ReasonEmpty, Status: 200, Framing: codes.FramingClose, Body: []byte{}, Read: true,
			Policy: Policy{MaxAge: -1}, Findings: []codes.Finding{codes.FindMediaTypeMissing, codes.FindEmpty}}, codes.ErrPolicySyntax},
	} {
		tt.want.Domain = "example.com"
		rt := &trip{resp: tt.resp}
		got, err := FetchPolicy(t.Context(), rt, "example.com")
		got.HeaderTime, got.BodyTime = 0, 0
		if wantOne(t, err) != tt.err || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v\n got %.1000s\nwant %.1000s", name, err, fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", tt.want))
		}
		if b, ok := tt.resp.Body.(*body); ok && !b.closed {
			t.Errorf("%s: the body is not closed", name)
		}
		if len(rt.reqs) != 1 {
			t.Errorf("%s: %d requests", name, len(rt.reqs))
		}
	}
}

func TestPolicyRequest(t *testing.T) {
	rt := &trip{resp: response(200, goodText(), plainText)}
	if _, err := FetchPolicy(t.Context(), rt, "xn--bcher-kva.example"); err != nil {
		t.Fatal(err)
	}
	req := rt.reqs[0]
	if req.Method != "GET" || req.URL.String() != "https://mta-sts.xn--bcher-kva.example/.well-known/mta-sts.txt" || req.Host != "mta-sts.xn--bcher-kva.example" {
		t.Errorf("%s %s of %s", req.Method, req.URL, req.Host)
	}
	want := http.Header{"Accept-Encoding": {"identity"}} // the transport sets the User-Agent
	if !reflect.DeepEqual(req.Header, want) {
		t.Errorf("header %v, want %v", req.Header, want)
	}
}

// A drip of one octet a second ends at the deadline, however long it goes on.
func TestFetchDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		resp := response(200, "", plainText)
		resp.ContentLength = -1
		resp.Body = io.NopCloser(readerFunc(func(p []byte) (int, error) {
			select {
			case <-time.After(time.Second):
				p[0] = 'v'
				return 1, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}))
		f, err := FetchPolicy(ctx, &trip{resp: resp}, "example.com")
		if wantOne(t, err) != codes.ErrPolicyFetch || f.Class != codes.PolicyUnreachable || f.Stage != codes.StageBody ||
			f.Reason != codes.ReasonTimeout {
			t.Errorf("%v, %s %s %s", err, f.Class, f.Stage, f.Reason)
		}
		if f.BodyBytes < 58 || f.BodyBytes > 60 || f.BodyTime != time.Minute {
			t.Errorf("%d octets in %v", f.BodyBytes, f.BodyTime)
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A fault of the observer is no finding.
func TestFetchOwnFault(t *testing.T) {
	broken := ownFault{fmt.Errorf("dial: %w", errors.New("too many open files"))}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	half := func() *http.Response {
		resp := response(200, "", plainText)
		resp.ContentLength = 100
		resp.Body = io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF))
		return resp
	}
	for name, tt := range map[string]struct {
		ctx context.Context
		rt  *trip
	}{
		"our limits":                {t.Context(), &trip{err: broken}},
		"cancelled":                 {stopped, &trip{err: context.Canceled}},
		"cancelled, says it timed":  {stopped, &trip{err: slowError{}}},
		"cancelled, says not found": {stopped, &trip{err: saysPolicy(codes.StageDNS, codes.ReasonNXDomain)}},
		"cancelled in the body":     {stopped, &trip{resp: half()}},
	} {
		f, err := FetchPolicy(tt.ctx, tt.rt, "example.com")
		if wantOne(t, err) != codes.ErrPolicyFetch || !fault.Ours(err) || f.Class != codes.PolicyUnknown {
			t.Errorf("%s: %v, %s", name, err, f.Class)
		}
	}
}

// A putOff is a transport's error for a request that was not made yet.
type putOff struct{ error }

func (putOff) Later() bool { return true }

// A request that was put off is no finding either, and the error still says so.
func TestFetchPutOff(t *testing.T) {
	cause := putOff{saysPolicy(codes.StageTCP, codes.ReasonOther)}
	f, err := FetchPolicy(t.Context(), &trip{err: fmt.Errorf("door: %w", cause)}, "example.com")
	if wantOne(t, err) != codes.ErrPolicyFetch || f.Class != codes.PolicyUnknown || !fault.PutOff(err) {
		t.Errorf("%v, %s", err, f.Class)
	}
}

// An unawaited is a transport's error for a host that was not given all of its time.
type unawaited struct{ error }

func (unawaited) NotAwaited() bool { return true }
func (e unawaited) Unwrap() error  { return e.error }

// The policy of a host that was too slow and was not awaited is unknown at any stage; stage and reason are kept.
func TestFetchNotAwaited(t *testing.T) {
	late := response(200, "", plainText)
	late.Body = io.NopCloser(iotest.ErrReader(unawaited{saysPolicy(codes.StageBody, codes.ReasonTimeout)}))
	for name, tt := range map[string]struct {
		rt     *trip
		stage  codes.Stage
		reason codes.PolicyReason
	}{
		"handshake": {&trip{err: unawaited{saysPolicy(codes.StageTLS, codes.PolicyReason(codes.TLSHandshakeTimeout))}},
			codes.StageTLS, codes.PolicyReason(codes.TLSHandshakeTimeout)},
		"header": {&trip{err: unawaited{saysPolicy(codes.StageHTTP, codes.ReasonTimeout)}}, codes.StageHTTP, codes.ReasonTimeout},
		"body":   {&trip{resp: late}, codes.StageBody, codes.ReasonTimeout},
	} {
		f, err := FetchPolicy(t.Context(), tt.rt, "example.com")
		if wantOne(t, err) != codes.ErrPolicyFetch || f.Class != codes.PolicyUnknown || f.Stage != tt.stage ||
			f.Reason != tt.reason ||
			!slices.Contains(f.Findings, codes.FindSlowNotAwaited) {
			t.Errorf("%s: %v, %s %s %s, %q", name, err, f.Class, f.Stage, f.Reason, f.Findings)
		}
	}
}

// A RoundTripper that breaks its contract causes no panic.
func TestFetchLiar(t *testing.T) {
	both := &trip{resp: response(200, goodText()), err: io.EOF}
	for name, tt := range map[string]struct {
		rt     *trip
		domain string
		stage  codes.Stage
		reason codes.PolicyReason
	}{
		"neither":            {&trip{}, "example.com", codes.StageHTTP, codes.ReasonMalformed},
		"both":               {both, "example.com", codes.StageHTTP, codes.ReasonReset},
		"an error of ours":   {&trip{err: failure(ErrNoRecord, "x", nil)}, "example.com", codes.StageTCP, codes.ReasonOther},
		"a domain of no URL": {&trip{}, "exa mple\x7f%.com", codes.StageDNS, codes.ReasonOther},
	} {
		f, err := FetchPolicy(t.Context(), tt.rt, tt.domain)
		if wantOne(t, err) != codes.ErrPolicyFetch || f.Stage != tt.stage || f.Reason != tt.reason ||
			!slices.Contains(codes.Policies(), f.Class) {
			t.Errorf("%s: %v, %s %s %s", name, err, f.Class, f.Stage, f.Reason)
		}
	}
	if !both.resp.Body.(*body).closed {
		t.Error("the body beside the error is not closed")
	}
}
