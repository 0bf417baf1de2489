package egress

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
)

// Responses of servers that are broken, or seem to mean harm: what comes of each by RFC 9112 is a policy, or
// the stage and the reason where there is none.
func TestResponses(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
	sized := func(lines string) string { // with a body of the length that it says
		return ok + lines + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(policy), policy)
	}
	withStatus := func(line string) string { return line + strings.TrimPrefix(sized(""), "HTTP/1.1 200 OK") }
	chunked := func(body string) string { return ok + "Transfer-Encoding: chunked\r\n\r\n" + body }
	lengths := func(lines string) string { return ok + lines + "\r\n" + policy }
	header := func(octets int) string { // status line and header of so many octets
		const rest = "X-Padding: \r\n"
		room := octets - (len(sized("")) - len(policy)) - len(rest)
		return sized("X-Padding: " + strings.Repeat("x", room) + "\r\n")
	}
	chunk := fmt.Sprintf("%x\r\n%s\r\n", len(policy), policy)
	const noBody = codes.PolicyReason("")
	for _, c := range []struct {
		title   string
		text    string
		stage   codes.Stage // none: a valid policy
		reason  codes.PolicyReason
		finding codes.Finding // that it must have; none: whatever there is
	}{
		// Interim responses, RFC 9110, section 15.2.
		{"100 before it", "HTTP/1.1 100 Continue\r\n\r\n" + sized(""), "", noBody, ""},
		{"many hints before it", strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 50) + sized(""), "", noBody, ""},
		{"an unknown interim response", "HTTP/1.1 199 Odd\r\n\r\n" + sized(""), "", noBody, ""},
		{"an interim response with a body", "HTTP/1.1 102 Processing\r\nContent-Length: 4\r\n\r\nbody" + sized(""), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"an interim response alone", "HTTP/1.1 100 Continue\r\n\r\n", codes.StageHTTP, codes.ReasonReset, ""},

		// Statuses.
		{"203 with a policy", withStatus("HTTP/1.1 203 Non-Authoritative"), codes.StageHTTP, codes.ReasonStatus, ""},
		{"204 with a body", withStatus("HTTP/1.1 204 No Content"), codes.StageHTTP, codes.ReasonStatus, ""},
		{"205 with a body", withStatus("HTTP/1.1 205 Reset Content"), codes.StageHTTP, codes.ReasonStatus, ""},
		{"206 with all of it", withStatus("HTTP/1.1 206 Partial Content"), codes.StageHTTP, codes.ReasonStatus, ""},
		{"226 with a policy", withStatus("HTTP/1.1 226 IM Used"), codes.StageHTTP, codes.ReasonStatus, ""},
		{"304 with a body", withStatus("HTTP/1.1 304 Not Modified"), codes.StageHTTP, codes.ReasonRedirect, ""},
		{"421", withStatus("HTTP/1.1 421 Misdirected Request"), codes.StageHTTP, codes.ReasonClientError, ""},
		{"600", withStatus("HTTP/1.1 600 What"), codes.StageHTTP, codes.ReasonStatus, ""},
		{"999", withStatus("HTTP/1.1 999 Denied"), codes.StageHTTP, codes.ReasonStatus, ""},
		{"a status that is none", withStatus("HTTP/1.1 000 What"), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"a status below all", withStatus("HTTP/1.1 099 What"), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"a status with a sign", withStatus("HTTP/1.1 +20 OK"), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"a status of two digits", withStatus("HTTP/1.1 20 OK"), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"a status of four digits", withStatus("HTTP/1.1 2000 OK"), codes.StageHTTP, codes.ReasonMalformed, ""},

		// The status line, RFC 9112, section 4.
		{"no reason phrase", withStatus("HTTP/1.1 200"), "", noBody, ""},
		{"a reason phrase in Latin-1", withStatus("HTTP/1.1 200 \xd6K"), "", noBody, ""},
		{"a long reason phrase", withStatus("HTTP/1.1 200 " + strings.Repeat("O", 15<<10)), "", noBody, ""},
		{"HTTP/1.2", withStatus("HTTP/1.2 200 OK"), "", noBody, ""},
		{"HTTP/1.0, ended by the connection", "HTTP/1.0 200 OK\r\n\r\n" + policy, "", noBody, ""},
		{"HTTP/2.0 in text", "HTTP/2.0 200 OK\r\n\r\n" + policy, codes.StageHTTP, codes.ReasonMalformed, ""},
		{"HTTP/0.9 in text", "HTTP/0.9 200 OK\r\n\r\n" + policy, codes.StageHTTP, codes.ReasonMalformed, ""},
		{"HTTP/3.0 in text, with a length", withStatus("HTTP/3.0 200 OK"), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"http in lower case", withStatus("http/1.1 200 OK"), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"ICY", withStatus("ICY 200 OK"), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"a blank line first", "\r\n" + sized(""), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"lines that end in CR", strings.ReplaceAll(ok, "\n", "") + "\r" + policy, codes.StageHTTP, codes.ReasonReset, ""},
		{"lines that end in LF", strings.ReplaceAll(sized(""), "\r\n", "\n"), codes.StageBody, codes.ReasonTruncated, ""}, // the length counts CR

		// Header fields, RFC 9112, section 5.
		{"a folded field", sized("X-Folded: a\r\n b\r\n\tc\r\n"), "", noBody, ""},
		{"a folded first field", withStatus("HTTP/1.1 200 OK\r\n X-Folded: a"), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"a field without a colon", sized("what\r\n"), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"a space before the colon", sized("X-Odd : a\r\n"), "", noBody, ""},
		{"NUL in the name of a field", sized("X\x00Odd: a\r\n"), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"a field without a name", sized(": a\r\n"), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"cookies of 15 KiB", sized(strings.Repeat("Set-Cookie: a="+strings.Repeat("b", 1000)+"\r\n", 15)), "", noBody, ""},
		{"a header of just the size", header(maxHeader), "", noBody, ""},
		{"a header of an octet more", header(maxHeader + 1), codes.StageHTTP, codes.ReasonHeadersTooLarge, ""},
		{"8,000 fields", sized(strings.Repeat("a:b\r\n", 8000)), codes.StageHTTP, codes.ReasonHeadersTooLarge, ""},
		{"a Location beside the policy", sized("Location: https://127.0.0.1/\r\n"), "", noBody, ""},
		{"a charset of UTF-16", strings.Replace(sized(""), "text/plain", "text/plain; charset=utf-16", 1), "", noBody, codes.FindCharsetOther},
		{"a type of 1,000 parameters", strings.Replace(sized(""), "text/plain", "text/plain"+strings.Repeat(";a=b", 1000), 1), "", noBody, ""},

		// The length of the body, RFC 9112, section 6.3.
		{"the same length twice", sized(fmt.Sprintf("Content-Length: %d\r\n", len(policy))), "", noBody, ""},
		{"two lengths", sized("Content-Length: 1\r\n"), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"two lengths in one field", lengths(fmt.Sprintf("Content-Length: %d, %[1]d\r\n", len(policy))), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"a negative length", lengths("Content-Length: -1\r\n"), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"a length with a sign", lengths(fmt.Sprintf("Content-Length: +%d\r\n", len(policy))), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"a length that overflows", lengths("Content-Length: 99999999999999999999\r\n"), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"a length in hexadecimal", lengths("Content-Length: 0x46\r\n"), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"no length where one is named", lengths("Content-Length: \r\n"), codes.StageHTTP, codes.ReasonMalformed, ""},
		{"a length beyond all bodies", lengths("Content-Length: 9223372036854775807\r\n"), codes.StageBody, codes.ReasonTruncated, ""},
		{"a length of 0 and a body", lengths("Content-Length: 0\r\n"), codes.StageSyntax, codes.ReasonEmpty, ""},
		{"more than the length", sized("") + "mx: *.example.net\r\n", "", noBody, ""},
		{"a length and chunks", ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + "0\r\n\r\n", "", noBody, codes.FindLengthAndTransferEncoding},
		{"chunks and a length", ok + "transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n" + chunk + "0\r\n\r\n", "", noBody, codes.FindLengthAndTransferEncoding},
		{"a length of an interim response, and chunks", "HTTP/1.1 103 Early Hints\r\nContent-Length: 0\r\n\r\n" + chunked(chunk+"0\r\n\r\n"), "", noBody, ""},
		{"a folded field that looks like a length, and chunks", ok + "X-Odd: a\r\n Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + "0\r\n\r\n", "", noBody, ""},
		{"a length and chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: " + fmt.Sprint(len(policy)) + "\r\nTransfer-Encoding: identity\r\n\r\n" + policy, "", noBody, codes.FindLengthAndTransferEncoding},
		{"chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + "0\r\n\r\n", codes.StageSyntax, codes.ReasonLineMalformed, ""},
		{"a transfer coding that is not offered", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n" + chunk + "0\r\n\r\n", codes.StageHTTP, codes.ReasonMalformed, ""},
		{"chunked twice", ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + "0\r\n\r\n", codes.StageHTTP, codes.ReasonMalformed, ""},

		// Chunks, RFC 9112, section 7.1.
		{"a chunk extension", chunked(strings.Replace(chunk, "\r\n", `;a="b;c"`+"\r\n", 1) + "0\r\n\r\n"), "", noBody, ""},
		{"leading zeros", chunked("00000000" + chunk + "0000\r\n\r\n"), "", noBody, ""},
		{"an upper-case size", chunked(strings.ToUpper(chunk[:2]) + chunk[2:] + "0\r\n\r\n"), "", noBody, ""},
		{"a chunk for each octet", chunked(octetByOctet(policy) + "0\r\n\r\n"), "", noBody, ""},
		{"a size that overflows", chunked("fffffffffffffffff\r\n" + policy), codes.StageBody, codes.ReasonMalformed, ""},
		{"a size of all bits", chunked("ffffffffffffffff\r\n" + policy), codes.StageBody, codes.ReasonTruncated, ""},
		{"a negative size", chunked("-1\r\n" + policy), codes.StageBody, codes.ReasonMalformed, ""},
		{"a size in decimal, too small", chunked("10\r\n" + policy + "\r\n0\r\n\r\n"), codes.StageBody, codes.ReasonMalformed, ""},
		{"no end of the chunk", chunked(strings.TrimSuffix(chunk, "\r\n") + "0\r\n\r\n"), codes.StageBody, codes.ReasonMalformed, ""},
		{"no last chunk", chunked(chunk), codes.StageBody, codes.ReasonTruncated, ""},
		{"no line after the last chunk", chunked(chunk + "0\r\n"), codes.StageBody, codes.ReasonTruncated, ""},
		{"chunks that end in LF", chunked(strings.Replace(chunk, "\r\n", "\n", 1) + "0\n\n"), codes.StageBody, codes.ReasonMalformed, ""},
		{"a trailer", chunked(chunk + "0\r\nContent-Encoding: gzip\r\nX-More: a\r\n\r\n"), "", noBody, ""},
		{"a trailer that is none", chunked(chunk + "0\r\nwhat\r\n\r\n"), codes.StageBody, codes.ReasonMalformed, ""},

		// Content codings, RFC 9110, section 8.4.
		{"identity in capitals", sized("Content-Encoding: IDENTITY\r\n"), "", noBody, ""},
		{"no coding where one is named", sized("Content-Encoding: , ,\r\n"), "", noBody, ""},
		{"a coding that is a lie", sized("Content-Encoding: gzip\r\n"), codes.StageBody, codes.ReasonEncoded, ""},
		{"a second field with a coding", sized("Content-Encoding: identity\r\nContent-Encoding: x-gzip\r\n"), codes.StageBody, codes.ReasonEncoded, ""},
		{"a coding that is not said", ok + "Content-Length: 4\r\n\r\n\x1f\x8b\x08\x00", codes.StageSyntax, codes.ReasonNotText, ""},
	} {
		t.Run(c.title, func(t *testing.T) {
			t.Parallel()
			p := newPKI(t)
			transport := reach(t, p, Config{}, overTLS(p.good(t), says(c.text)))
			f, err := mtasts.FetchPolicy(t.Context(), transport, "example.com")
			if f.Stage != c.stage || f.Reason != c.reason || (err == nil) != (c.stage == "") {
				t.Errorf("%s: %s (%v), want %s: %s", f.Stage, f.Reason, err, c.stage, c.reason)
			}
			if c.finding != "" && !slices.Contains(f.Findings, c.finding) {
				t.Errorf("findings %q, without %s", f.Findings, c.finding)
			}
			const both = codes.FindLengthAndTransferEncoding
			if slices.Contains(f.Findings, both) != (c.finding == both) {
				t.Errorf("findings %q, and of %s: %q", f.Findings, both, c.finding)
			}
			if c.stage == "" && (f.Status != 200 || len(f.Policy.MX) != 1) {
				t.Errorf("status %d, patterns %q", f.Status, f.Policy.MX)
			}
			if mtasts.Sentinel(err) == "" && err != nil {
				t.Errorf("%v: without a class", err)
			}
		})
	}
}

// octetByOctet is text in chunks of one octet.
func octetByOctet(text string) string {
	var b strings.Builder
	for _, octet := range []byte(text) {
		fmt.Fprintf(&b, "1\r\n%c\r\n", octet)
	}
	return b.String()
}
