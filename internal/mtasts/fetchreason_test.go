package mtasts

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"syscall"
	"testing"
	"time"

	"stsscan/internal/codes"
)

// A saidPolicyReason is a transport's error with a stage and a reason.
type saidPolicyReason struct {
	reasonedError[codes.PolicyReason]
	stage codes.Stage
}

func (e saidPolicyReason) PolicyStage() codes.Stage         { return e.stage }
func (e saidPolicyReason) PolicyReason() codes.PolicyReason { return e.reason }

func saysPolicy(stage codes.Stage, reason codes.PolicyReason) error {
	return fmt.Errorf("round trip: %w", saidPolicyReason{reasonedError[codes.PolicyReason]{io.EOF, reason}, stage})
}

// What a transport says of itself decides, as long as it is of the closed sets.
func TestSaidReasons(t *testing.T) {
	for _, stage := range codes.Stages() {
		for _, reason := range codes.PolicyReasons(stage) {
			f, err := FetchPolicy(t.Context(), &trip{err: saysPolicy(stage, reason)}, "example.com")
			if f.Stage != stage || f.Reason != reason {
				t.Errorf("%s %s: %s %s", stage, reason, f.Stage, f.Reason)
			}
			wantClass, want := codes.PolicyUnreachable, codes.ErrPolicyFetch
			switch {
			case stage == codes.StageDNS && (reason == codes.ReasonNXDomain || reason == codes.ReasonNoData),
				stage == codes.StageHTTP && reason == codes.ReasonNotFound:
				wantClass, want = codes.PolicyMissing, codes.ErrNoPolicy
			case reason == codes.ReasonForbiddenAddress || reason == codes.ReasonOptedOut:
				wantClass = codes.PolicyForbidden
			case stage == codes.StageDNS, reason.LacksFamily():
				wantClass = codes.PolicyUnknown
			case reason == codes.ReasonTooLarge:
				wantClass, want = codes.PolicyInvalid, codes.ErrPolicySyntax
			}
			if f.Class != wantClass || wantOne(t, err) != want {
				t.Errorf("%s %s: %s, %v", stage, reason, f.Class, err)
			}
		}
	}
	for _, err := range []error{saysPolicy("moon", codes.ReasonTimeout), saysPolicy(codes.StageTCP, "dust")} {
		f, _ := FetchPolicy(t.Context(), &trip{err: err}, "example.com")
		if f.Stage != codes.StageHTTP || f.Reason != codes.ReasonReset { // io.EOF is below
			t.Errorf("%v: %s %s", err, f.Stage, f.Reason)
		}
	}
}

// Errors of other transports are sorted as well as their texts allow.
func TestFetchReason(t *testing.T) {
	dial := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)}
	}
	remote := func(alert string) error {
		return &net.OpError{Op: "remote error", Err: errors.New("tls: " + alert)}
	}
	verify := func(err error) error { return &tls.CertificateVerificationError{Err: err} }
	root := &x509.Certificate{RawIssuer: []byte("a"), RawSubject: []byte("a")}
	leaf := &x509.Certificate{RawIssuer: []byte("a"), RawSubject: []byte("b")}
	tlsStage := func(e codes.TLSError) codes.PolicyReason { return codes.PolicyReason(e) }
	for _, tt := range []struct {
		err    error
		stage  codes.Stage
		reason codes.PolicyReason
	}{
		{&net.DNSError{IsNotFound: true}, codes.StageDNS, codes.ReasonNXDomain},
		{&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}, codes.StageDNS, codes.ReasonNXDomain},
		{&net.DNSError{IsTimeout: true, IsTemporary: true}, codes.StageDNS, codes.ReasonTimeout},
		{&net.DNSError{IsTemporary: true}, codes.StageDNS, codes.ReasonServfail},
		{&net.DNSError{}, codes.StageDNS, codes.ReasonOther},
		{dial(syscall.ECONNREFUSED), codes.StageTCP, codes.ReasonRefused},
		{dial(syscall.EHOSTUNREACH), codes.StageTCP, codes.ReasonUnreachable},
		{dial(syscall.ENETUNREACH), codes.StageTCP, codes.ReasonUnreachable},
		{dial(syscall.ECONNRESET), codes.StageTCP, codes.ReasonReset},
		{dial(syscall.ETIMEDOUT), codes.StageTCP, codes.ReasonTimeout},
		{dial(syscall.EACCES), codes.StageTCP, codes.ReasonOther},
		{&net.OpError{Op: "dial", Err: context.DeadlineExceeded}, codes.StageTCP, codes.ReasonTimeout},
		{verify(x509.HostnameError{Certificate: leaf, Host: "x"}), codes.StageTLS, tlsStage(codes.TLSNameMismatch)},
		{verify(x509.CertificateInvalidError{Reason: x509.Expired, Detail: "current time 2 is after 1"}), codes.StageTLS, tlsStage(codes.TLSExpired)},
		{verify(x509.CertificateInvalidError{Reason: x509.Expired, Detail: "current time 1 is before 2"}), codes.StageTLS, tlsStage(codes.TLSNotYetValid)},
		{verify(x509.UnknownAuthorityError{Cert: root}), codes.StageTLS, tlsStage(codes.TLSSelfSigned)},
		{verify(x509.UnknownAuthorityError{Cert: leaf}), codes.StageTLS, tlsStage(codes.TLSUnknownAuthority)},
		{&tls.CertificateVerificationError{UnverifiedCertificates: []*x509.Certificate{leaf, root}, Err: x509.UnknownAuthorityError{Cert: root}},
			codes.StageTLS, tlsStage(codes.TLSUnknownAuthority)},
		{verify(x509.UnknownAuthorityError{}), codes.StageTLS, tlsStage(codes.TLSUnknownAuthority)},
		{verify(x509.CertificateInvalidError{Reason: x509.TooManyIntermediates}), codes.StageTLS, tlsStage(codes.TLSCertificate)},
		{verify(errors.New("other")), codes.StageTLS, tlsStage(codes.TLSCertificate)},
		{tls.RecordHeaderError{Msg: "x"}, codes.StageTLS, tlsStage(codes.TLSNotTLS)},
		{remote("unrecognized name"), codes.StageTLS, tlsStage(codes.TLSNoCertForName)},
		{remote("handshake failure"), codes.StageTLS, tlsStage(codes.TLSHandshakeFailure)},
		{remote("protocol version not supported"), codes.StageTLS, tlsStage(codes.TLSProtocolVersion)},
		{remote("internal error"), codes.StageTLS, tlsStage(codes.TLSAlert)},
		{errors.New("tls: server selected unsupported protocol version 302"), codes.StageTLS, tlsStage(codes.TLSProtocolVersion)},
		{errors.New("tls: handshake message of length 300000 bytes exceeds maximum of 262144 bytes"), codes.StageTLS, tlsStage(codes.TLSOversize)},
		{errors.New("net/http: TLS handshake timeout"), codes.StageTLS, tlsStage(codes.TLSHandshakeTimeout)},
		{context.DeadlineExceeded, codes.StageHTTP, codes.ReasonTimeout},
		{slowError{}, codes.StageHTTP, codes.ReasonTimeout},
		{io.EOF, codes.StageHTTP, codes.ReasonReset},
		{io.ErrUnexpectedEOF, codes.StageHTTP, codes.ReasonReset},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, codes.StageHTTP, codes.ReasonReset},
		{errors.New("net/http: server response headers exceeded 16384 bytes; aborted"), codes.StageHTTP, codes.ReasonHeadersTooLarge},
		{errors.New("malformed HTTP response \"SSH-2.0\""), codes.StageHTTP, codes.ReasonMalformed},
		{errors.New("something else"), codes.StageTCP, codes.ReasonOther},
	} {
		if stage, reason := fetchReason(tt.err); stage != tt.stage || reason != tt.reason {
			t.Errorf("%v: %s %s, want %s %s", tt.err, stage, reason, tt.stage, tt.reason)
		}
	}
}

// The same against real servers and the transport of package net/http.
func TestFetchFromServer(t *testing.T) {
	answer := func(h http.HandlerFunc) *httptest.Server {
		s := httptest.NewUnstartedServer(h)
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		return s
	}
	hijack := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			conn, buffer, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			fmt.Fprint(buffer, text)
			buffer.Flush()
			conn.Close()
		}
	}
	const head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		change  func(*http.Transport)
		class   codes.Policy
		stage   codes.Stage
		reason  codes.PolicyReason
		framing codes.BodyFraming
	}{
		"good": {handler: func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, goodText()) }, class: codes.PolicyValid, framing: codes.FramingContentLength},
		"chunks": {handler: func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, goodText()[:20])
			w.(http.Flusher).Flush()
			fmt.Fprint(w, goodText()[20:])
		}, class: codes.PolicyValid, framing: codes.FramingChunked},
		"until closing":   {handler: hijack(head + "\r\n" + goodText()), class: codes.PolicyValid, framing: codes.FramingClose},
		"a redirect":      {handler: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }, class: codes.PolicyUnreachable, stage: codes.StageHTTP, reason: codes.ReasonRedirect},
		"cut short":       {handler: hijack(head + "Content-Length: 500\r\n\r\n" + goodText()), class: codes.PolicyUnreachable, stage: codes.StageBody, reason: codes.ReasonTruncated, framing: codes.FramingContentLength},
		"cut short chunk": {handler: hijack(head + "Transfer-Encoding: chunked\r\n\r\n10\r\nabc"), class: codes.PolicyUnreachable, stage: codes.StageBody, reason: codes.ReasonTruncated, framing: codes.FramingChunked},
		"no chunks":       {handler: hijack(head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc"), class: codes.PolicyUnreachable, stage: codes.StageBody, reason: codes.ReasonMalformed, framing: codes.FramingChunked},
		"no HTTP":         {handler: hijack("220 mx ESMTP\r\n"), class: codes.PolicyUnreachable, stage: codes.StageHTTP, reason: codes.ReasonMalformed},
		"no response":     {handler: hijack(""), class: codes.PolicyUnreachable, stage: codes.StageHTTP, reason: codes.ReasonReset},
		"header flood":    {handler: func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X", string(make([]byte, 1<<16))) }, class: codes.PolicyUnreachable, stage: codes.StageHTTP, reason: codes.ReasonHeadersTooLarge},
		"self-signed":     {change: func(t *http.Transport) { t.TLSClientConfig.RootCAs = x509.NewCertPool() }, class: codes.PolicyUnreachable, stage: codes.StageTLS, reason: codes.PolicyReason(codes.TLSSelfSigned)},
		"another name":    {change: func(t *http.Transport) { t.TLSClientConfig.ServerName = "example.net" }, class: codes.PolicyUnreachable, stage: codes.StageTLS, reason: codes.PolicyReason(codes.TLSNameMismatch)},
		"not yet valid":   {change: func(t *http.Transport) { t.TLSClientConfig.Time = func() time.Time { return time.Unix(-1e9, 0) } }, class: codes.PolicyUnreachable, stage: codes.StageTLS, reason: codes.PolicyReason(codes.TLSNotYetValid)},
		"refused": {change: func(t *http.Transport) {
			t.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
			}
		}, class: codes.PolicyUnreachable, stage: codes.StageTCP, reason: codes.ReasonRefused},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.handler == nil {
				tt.handler = func(http.ResponseWriter, *http.Request) {}
			}
			server := answer(tt.handler)
			defer server.Close()
			roots := x509.NewCertPool()
			roots.AddCert(server.Certificate())
			transport := &http.Transport{
				DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
					return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
				},
				TLSClientConfig:        &tls.Config{RootCAs: roots, ServerName: "example.com"}, // a name in the certificate of package httptest
				DisableKeepAlives:      true,
				MaxResponseHeaderBytes: 16 << 10,
			}
			if tt.change != nil {
				tt.change(transport)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			f, err := FetchPolicy(ctx, transport, "example.com")
			wantOne(t, err)
			if f.Class != tt.class || f.Stage != tt.stage || f.Reason != tt.reason || f.Framing != tt.framing {
				t.Errorf("%v: %s %s %s, framing %q; want %s %s %s, %q", err, f.Class, f.Stage, f.Reason, f.Framing, tt.class,
					tt.stage, tt.reason, tt.framing)
			}
		})
	}
}
