package mtasts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// A Fetch is what was seen at the Policy Host.
type Fetch struct {
	Domain string             // Policy Domain, as it was asked
	Class  codes.Policy       // by the grammar of the text, where it was read
	Stage  codes.Stage        // where retrieval ended; empty for a valid policy
	Reason codes.PolicyReason // why, within the stage

	Status          int    // of the HTTP response; 0 without one
	Location        string // where a redirect points; it and the next three are valid UTF-8 of at most 512 octets
	ContentType     string
	ContentEncoding string
	Server          string

	Framing    codes.BodyFraming // how the end of the body is marked; empty where no body was read
	Body       []byte            // as served, never decoded, at most 64 KiB
	BodyBytes  int64             // octets read, one more than 64 KiB where the body is longer
	HeaderTime time.Duration     // from the request to the response's header, connection included
	BodyTime   time.Duration     // of reading the body

	Read     bool            // a whole body was read; the next four are about it
	Policy   Policy          // best understanding, as in PolicyReading; see Class before use
	Strict   bool            // a sender that follows the letter uses the policy
	Lenient  bool            // most senders do
	Findings []codes.Finding // of header, body and text, each once
}

// PolicyURL is where the policy of domain is served ([RFC 8461, section 3.3]).
//
// [RFC 8461, section 3.3]: https://www.rfc-editor.org/rfc/rfc8461#section-3.3
func PolicyURL(domain string) string {
	return "https://mta-sts." + domain + "/.well-known/mta-sts.txt"
}

// FetchPolicy retrieves the policy of domain, an A-label name without the final dot, by one request through rt,
// and reads it ([RFC 8461, section 3.3]). Only status 200 counts. Redirects are not followed. It asks for the
// identity encoding and decodes no other. A body of more than 64 KiB is not read as if it were whole.
//
// Its error wraps [ErrNoPolicy], [ErrPolicyFetch] or [ErrPolicySyntax]. The Fetch has whatever was seen before
// the error. The deadline is that of ctx; FetchPolicy adds none.
//
// An error of rt may say where retrieval ended and why, as a [codes.PolicyFailure]. By methods of package fault
// it may say that the fault is the observer's own, that the request was put off, or that the host was too slow
// and not awaited; then, and when ctx is cancelled, the policy is unknown. From other errors FetchPolicy finds
// out what it can. An error of a body without a length may have a method Unclosed: only close_notify is missing
// then.
//
// [RFC 8461, section 3.3]: https://www.rfc-editor.org/rfc/rfc8461#section-3.3
func FetchPolicy(ctx context.Context, rt http.RoundTripper, domain string) (Fetch, error) {
	f := Fetch{Domain: domain}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, PolicyURL(domain), nil)
	if err != nil {
		return f.end(ctx, codes.StageDNS, codes.ReasonOther, err)
	}
	req.Header.Set("Accept-Encoding", "identity")
	start := time.Now()
	resp, err := rt.RoundTrip(req)
	f.HeaderTime = time.Since(start)
	if resp != nil && resp.Body != nil {
		defer resp.Body.Close()
	}
	if err != nil {
		stage, reason := fetchReason(err)
		return f.end(ctx, stage, reason, err)
	}
	if resp == nil {
		return f.end(ctx, codes.StageHTTP, codes.ReasonMalformed, errors.New("neither a response nor an error"))
	}
	f.header(resp)
	if resp.StatusCode != http.StatusOK {
		reason, page := statusReason(resp.StatusCode), ""
		if reason != codes.ReasonNotFound && blocked(resp) {
			reason, page = codes.ReasonBlocked, ", from a filter in front of the host"
		}
		return f.end(ctx, codes.StageHTTP, reason, fmt.Errorf("status %d%s", resp.StatusCode, page))
	}
	return f.text(ctx, resp)
}

// header keeps what the header of the response says.
func (f *Fetch) header(resp *http.Response) {
	f.Status = resp.StatusCode
	f.Location = clean(resp.Header.Get("Location"))
	f.Server = clean(resp.Header.Get("Server"))
	f.ContentType = clean(resp.Header.Get("Content-Type"))
	f.ContentEncoding = clean(strings.Join(resp.Header.Values("Content-Encoding"), ", "))
}

// text reads the body of a response with status 200, and the policy in it if it is whole.
func (f *Fetch) text(ctx context.Context, resp *http.Response) (Fetch, error) {
	f.Findings = mediaTypeFindings(resp.Header.Get("Content-Type"))
	f.Framing = framing(resp)
	start := time.Now()
	body, err := readBody(resp)
	f.BodyTime = time.Since(start)
	f.Body, f.BodyBytes = body[:min(len(body), maxBody)], int64(len(body))

	if encoded(resp.Header) {
		return f.end(ctx, codes.StageBody, codes.ReasonEncoded, fmt.Errorf("content encoding %s", quote(f.ContentEncoding)))
	}
	cut := f.Framing == codes.FramingClose && unclosed(err)
	if err != nil && !cut {
		return f.end(ctx, codes.StageBody, bodyReason(err), err)
	}
	if len(body) > maxBody {
		return f.end(ctx, codes.StageBody, codes.ReasonTooLarge, fmt.Errorf("more than %d octets", maxBody))
	}
	if resp.Header.Get("Transfer-Encoding") != "" && resp.Header.Get("Content-Length") != "" {
		f.Findings = addFinding(f.Findings, codes.FindLengthAndTransferEncoding)
	}
	if cut {
		f.Findings = addFinding(f.Findings, codes.FindTruncationPossible)
	}
	r := ReadPolicy(body)
	f.Read, f.Policy = true, r.Policy
	f.Strict, f.Lenient = r.Served(f.Findings)
	f.Findings = addFinding(f.Findings, r.Findings...)
	if r.Err != nil {
		f.Class, f.Stage, f.Reason = codes.PolicyInvalid, codes.StageSyntax, r.Reason
		return *f, r.Err
	}
	f.Class = codes.PolicyValid
	return *f, nil
}

// end ends a retrieval that failed before there was a text to read.
func (f *Fetch) end(ctx context.Context, stage codes.Stage, reason codes.PolicyReason, cause error) (Fetch, error) {
	cause = withCancellation(ctx, cause)
	f.Stage, f.Reason = stage, reason
	f.Class = failureClass(stage, reason)
	sentinel := ErrPolicyFetch
	switch {
	case fault.Ours(cause), fault.PutOff(cause):
		f.Class = codes.PolicyUnknown
	case fault.NotAwaited(cause):
		f.Class = codes.PolicyUnknown
		f.Findings = addFinding(f.Findings, codes.FindSlowNotAwaited)
	case f.Class == codes.PolicyMissing:
		sentinel = ErrNoPolicy
	case f.Class == codes.PolicyInvalid:
		sentinel = ErrPolicySyntax
	}
	return *f, failure(sentinel, string(stage)+": "+string(reason), cause)
}

// failureClass is the class of a policy that was not retrieved.
func failureClass(stage codes.Stage, reason codes.PolicyReason) codes.Policy {
	switch stage {
	case codes.StageDNS:
		switch reason {
		case codes.ReasonNXDomain, codes.ReasonNoData:
			return codes.PolicyMissing
		case codes.ReasonForbiddenAddress, codes.ReasonOptedOut:
			return codes.PolicyForbidden
		}
		return codes.PolicyUnknown // the zone may well have the host
	case codes.StageTCP:
		if reason.LacksFamily() {
			return codes.PolicyUnknown // elsewhere it may well answer
		}
	case codes.StageHTTP:
		if reason == codes.ReasonNotFound {
			return codes.PolicyMissing
		}
	case codes.StageBody:
		if reason == codes.ReasonTooLarge {
			return codes.PolicyInvalid
		}
	}
	return codes.PolicyUnreachable
}

// statusReason is the reason of stage http for a status other than 200.
func statusReason(status int) codes.PolicyReason {
	switch {
	case status == http.StatusNotFound:
		return codes.ReasonNotFound
	case status == http.StatusForbidden:
		return codes.ReasonForbidden
	case 300 <= status && status <= 399:
		return codes.ReasonRedirect
	case 400 <= status && status <= 499:
		return codes.ReasonClientError
	case 500 <= status && status <= 599:
		return codes.ReasonServerError
	}
	return codes.ReasonStatus
}
