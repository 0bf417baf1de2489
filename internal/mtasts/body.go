package mtasts

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// framing says how the end of the body is marked; empty where the protocol marks it outside of the body, as
// HTTP/2 does.
func framing(resp *http.Response) codes.BodyFraming {
	switch {
	case resp.ContentLength >= 0:
		return codes.FramingContentLength
	case slices.Contains(resp.TransferEncoding, "chunked"):
		return codes.FramingChunked
	case resp.ProtoMajor >= 2:
		return ""
	}
	return codes.FramingClose
}

// readBody reads at most one octet more than maxBody, to tell a body that is too long from one of that size. It
// returns what it got before an error.
func readBody(resp *http.Response) ([]byte, error) {
	body := []byte{}
	if resp.Body != nil {
		var err error
		if body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1)); err != nil {
			return body, err
		}
	}
	if n := resp.ContentLength; n >= 0 && n != int64(len(body)) && len(body) <= maxBody {
		return body, fmt.Errorf("%d octets where %d were announced: %w", len(body), n, io.ErrUnexpectedEOF)
	}
	return body, nil
}

// unclosed reports whether err only says that the connection ended without close_notify. A response that has
// neither a length nor chunks is complete only after that (RFC 9112, section 9.8): a body cut short between two
// lines reads as well as a whole one.
func unclosed(err error) bool {
	var said interface{ Unclosed() bool }
	return errors.As(err, &said) && said.Unclosed()
}

// bodyReason is the reason of stage body for an error of reading it.
func bodyReason(err error) codes.PolicyReason {
	if stage, reason, ok := saidReason(err); ok && stage == codes.StageBody {
		return reason
	}
	var op *net.OpError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), "unexpected EOF reading trailer"):
		return codes.ReasonTruncated // net/http has no name for the second
	case fault.TimedOut(err):
		return codes.ReasonTimeout
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.ErrClosedPipe), errors.Is(err, net.ErrClosed),
		errors.As(err, &op) && (op.Op == "read" || op.Op == "remote error"):
		return codes.ReasonReset
	}
	return codes.ReasonMalformed // chunks that are none, records that do not decrypt
}

// encoded reports whether the body is in another encoding than identity.
func encoded(h http.Header) bool {
	for _, value := range h.Values("Content-Encoding") {
		for coding := range strings.SplitSeq(value, ",") {
			coding = strings.TrimSpace(coding)
			if coding != "" && !strings.EqualFold(coding, "identity") {
				return true
			}
		}
	}
	return false
}

// mediaTypeFindings says what is odd about the Content-Type. Senders SHOULD insist on text/plain (section 3.2),
// many do not, and of its parameters only a charset has a meaning.
func mediaTypeFindings(contentType string) []codes.Finding {
	if strings.TrimSpace(contentType) == "" {
		return []codes.Finding{codes.FindMediaTypeMissing}
	}
	var findings []codes.Finding
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		// The type itself may be well-formed nevertheless.
		mediaType, _, _ = strings.Cut(contentType, ";")
	}
	if !strings.EqualFold(strings.TrimSpace(mediaType), "text/plain") {
		findings = append(findings, codes.FindMediaTypeOther)
	}
	charset, ok := params["charset"]
	if ok && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii") {
		findings = append(findings, codes.FindCharsetOther)
	}
	return findings
}
