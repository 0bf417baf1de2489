package simnet

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

const webWorld = `
-- zone --
mta-sts.example.com. A 22.1.0.1
-- policy/mta-sts.example.com --
version: STSv1
mode: none
max_age: 86400
-- faults --
`

const webPolicy = "version: STSv1\nmode: none\nmax_age: 86400\n"

func textIs(part string) func(error) bool {
	return func(err error) bool { return err != nil && strings.Contains(err.Error(), part) }
}

// Each play is what it says to net/http, within a minute of simulated time.
func TestBodyPlays(t *testing.T) {
	timeout := is(context.DeadlineExceeded)
	plays := []struct {
		word   string
		header func(error) bool // of the error before the body; nil: none
		framed string           // content_length, chunked or close
		body   string
		read   func(error) bool // of the error while reading the body; nil: none
	}{
		{"content-length", nil, "length 41", webPolicy, nil},
		{"chunked", nil, "chunked", webPolicy, nil},
		{"close", nil, "close", webPolicy, nil},
		{"short", nil, "length 441", webPolicy, is(io.ErrUnexpectedEOF)},
		{"drip", nil, "length 41", webPolicy, nil}, // 41 octets are less than a minute
		{"endless", nil, "chunked", "", nil},       // see below
		{"flood", textIs("exceeded"), "", "", nil},
		{"header-drip", timeout, "", "", nil},
		{"silent", timeout, "", "", nil},
		{"garbage", textIs("malformed HTTP"), "", "", nil},
		{"reset", nil, "length 441", webPolicy, is(syscall.ECONNRESET)},
		{"bomb", nil, "chunked", "", nil}, // see below
		{"hints", textIs("exceeded"), "", "", nil},
		{"chunk-flood", nil, "chunked", "", textIs("too")},
		{"hang-up", is(io.EOF), "", "", nil},
		{"cut-off", is(syscall.ECONNRESET), "", "", nil},
		{"bad-chunks", nil, "chunked", webPolicy, textIs("invalid byte in chunk length")},
		{"bare", textIs("malformed HTTP"), "", "", nil},
		{"frames", textIs("malformed HTTP"), "", "", nil},
		{"status-flood", textIs("exceeded"), "", "", nil},
		{"trailer-flood", nil, "chunked", webPolicy, textIs("long trailer")},
		{"twice", nil, "length 41", webPolicy, nil},
		{"abrupt", nil, "close", webPolicy, nil},
		{"both-lengths", nil, "chunked", webPolicy, nil},
	}
	seen := make(map[string]bool)
	for _, p := range plays {
		seen[p.word] = true
		inBubble(t, p.word, func(t *testing.T) {
			w := openText(t, webWorld+"mta-sts.example.com body "+p.word+"\n")
			resp, err := client(w, time.Minute).Get("https://mta-sts.example.com" + policyPath)
			if p.header != nil {
				if !p.header(err) {
					t.Errorf("%s: %v", p.word, err)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", p.word, err)
			}
			defer resp.Body.Close()
			if got := framing(resp); got != p.framed {
				t.Errorf("%s: framed by %s, want %s", p.word, got, p.framed)
			}
			body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10+1))
			switch {
			case p.read == nil && err != nil, p.read != nil && !p.read(err):
				t.Errorf("%s: reading: %v", p.word, err)
			case p.word == "endless" && (len(body) != 64<<10+1 || !strings.HasPrefix(string(body), webPolicy)):
				t.Errorf("%s: %d octets", p.word, len(body))
			case p.word == "bomb" && (len(body) != 64<<10+1 || resp.Header.Get("Content-Encoding") != "gzip"):
				t.Errorf("%s: %d octets of %s", p.word, len(body), resp.Header.Get("Content-Encoding"))
			case p.body != "" && string(body) != p.body:
				t.Errorf("%s: body %q, want %q", p.word, body, p.body)
			}
		})
	}
	for _, word := range bodyWords() {
		if !seen[word] {
			t.Errorf("no case for %q", word)
		}
	}
}

func framing(resp *http.Response) string {
	switch {
	case len(resp.TransferEncoding) > 0:
		return resp.TransferEncoding[0]
	case resp.ContentLength >= 0:
		return fmt.Sprintf("length %d", resp.ContentLength)
	}
	return "close"
}

// A drip outlasts the time limit when the policy is long, and the host stops when its client is gone.
func TestDripTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openText(t, webWorld+"mta-sts.example.com body drip\nmta-sts.example.com body size 100\n")
		start := time.Now()
		_, body, err := get(client(w, time.Minute), "mta-sts.example.com")
		if !errors.Is(err, context.DeadlineExceeded) || len(body) < 50 || time.Since(start) != time.Minute {
			t.Errorf("%d octets, %v after %v", len(body), err, time.Since(start))
		}
	})
}

func TestResponses(t *testing.T) {
	cases := []struct {
		faults string // for mta-sts.example.com, by line
		status int
		header string // field: value that must be there; a lone field: must not
		body   string
	}{
		{"", 200, "Content-Type: text/plain", webPolicy},
		{"header Content-Type: text/html", 200, "Content-Type: text/html", webPolicy},
		{"header content-type:", 200, "Content-Type", webPolicy},
		{"header Server: nginx", 200, "Server: nginx", webPolicy},
		{"http 201", 201, "Content-Type: text/plain", webPolicy},
		{"http 204", 204, "Content-Length", ""},
		{"http 302 Location: https://example.net/", 302, "Location: https://example.net/", webPolicy},
		{"http 304", 304, "Content-Length", ""},
		{"http 404", 404, "Content-Length: 41", webPolicy},
		{"http 599", 599, "Content-Length: 41", webPolicy},
		{"body crlf", 200, "Content-Length: 44", strings.ReplaceAll(webPolicy, "\n", "\r\n")},
		{"body no-final-line-end", 200, "Content-Length: 40", strings.TrimSpace(webPolicy)},
		{`body prefix "\xef\xbb\xbf"`, 200, "Content-Length: 44", "\ufeff" + webPolicy},
		{`body suffix "\x00"`, 200, "Content-Length: 42", webPolicy + "\x00"},
		{"body encoding br", 200, "Content-Encoding: br", webPolicy},
		{"body cut 14", 200, "Content-Length: 14", webPolicy[:14]},
		{`body text "a page"`, 200, "Content-Length: 6", "a page"},
		{"body size 41", 200, "Content-Length: 41", webPolicy},
		{"body size 70", 200, "Content-Length: 70", webPolicy + "padding-00000: xxxxxxxxxxxxx\n"},
		{"body crlf\nbody size 70", 200, "Content-Length: 70", strings.ReplaceAll(webPolicy, "\n", "\r\n") + "padding-00000: xxxxxxxxx\r\n"},
	}
	for _, c := range cases {
		var faults strings.Builder
		for line := range strings.Lines(c.faults) {
			faults.WriteString("mta-sts.example.com " + line)
		}
		w := openText(t, webWorld+faults.String()+"\n")
		resp, body, err := get(client(w, time.Minute), "mta-sts.example.com")
		if err != nil {
			t.Errorf("%s: %v", c.faults, err)
			continue
		}
		if resp.StatusCode != c.status || string(body) != c.body {
			t.Errorf("%s: %d %q, want %d %q", c.faults, resp.StatusCode, body, c.status, c.body)
		}
		name, value, _ := strings.Cut(c.header, ": ")
		if got := resp.Header.Get(name); got != value {
			t.Errorf("%s: %s is %q, want %q", c.faults, name, got, value)
		}
	}
}

// What net/http hides: the very octets of a response, and that no session is offered to be resumed.
func TestResponseOctets(t *testing.T) {
	const head = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
	w := openText(t, webWorld+"mta-sts.example.com http 204\nmta-sts.example.com header Content-Type:\n")
	config := &tls.Config{ServerName: "mta-sts.example.com", RootCAs: w.Roots(),
		ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	for range 2 {
		conn, err := shake(t.Context(), w, config)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: mta-sts.example.com\r\n\r\n", policyPath)
		if got, err := io.ReadAll(conn); string(got) != head || err != nil {
			t.Errorf("%q, %v, want %q", got, err, head)
		}
		if conn.ConnectionState().DidResume {
			t.Error("a session was resumed")
		}
		conn.Close()
	}
}

// What is no HTTP/1 request gets no response.
func TestNoRequest(t *testing.T) {
	w := openText(t, webWorld)
	for _, octets := range []string{
		"", "GET\r\n\r\n", "GET " + policyPath + "\r\n\r\n", // HTTP/0.9
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"GET " + policyPath + " HTTP/1.1\r\nno field\r\n\r\n",
		"GET " + policyPath + " HTTP/1.1\r\nHost: mta-sts.example.com\r\nX: " + strings.Repeat("x", requestLimit) + "\r\n\r\n",
	} {
		conn, err := shake(t.Context(), w, &tls.Config{ServerName: "mta-sts.example.com", RootCAs: w.Roots()})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, octets)
		conn.CloseWrite()
		if got, err := io.ReadAll(conn); len(got) > 0 {
			t.Errorf("to %.60q: %q, %v", octets, got, err)
		}
		conn.Close()
	}
}

func TestCRLFBody(t *testing.T) {
	s := site{body: []byte("a\r\nb\n")}
	if _, err := s.bodyFault("host", "crlf"); string(s.body) != "a\r\nb\r\n" || err != nil {
		t.Errorf("%q, %v", s.body, err)
	}
}

func TestPaddedIsExact(t *testing.T) {
	for _, size := range []int{65536, 65537, 70, 1039, 1040, 1056, 1057, 1058, 2040, 2041, 3000} {
		body, err := padded([]byte(webPolicy), fmt.Sprint(size))
		if err != nil || len(body) != size {
			t.Errorf("size %d: %d octets, %v", size, len(body), err)
		}
		for line := range strings.Lines(string(body)) {
			if len(line) > 1100 || !strings.HasSuffix(line, "\n") {
				t.Errorf("size %d: a line of %d octets", size, len(line))
			}
		}
	}
}

func TestGzipBody(t *testing.T) {
	w := openText(t, webWorld+"mta-sts.example.com body gzip\n")
	resp, err := client(w, time.Minute).Get("https://mta-sts.example.com" + policyPath)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	zip, err := gzip.NewReader(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(zip); string(body) != webPolicy || err != nil {
		t.Errorf("%q, %v", body, err)
	}
}

// The bomb is a whole gzip stream.
func TestBombIsGzip(t *testing.T) {
	w := openText(t, webWorld+"mta-sts.example.com body bomb\n")
	resp, err := client(w, time.Minute).Get("https://mta-sts.example.com" + policyPath)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	zip, err := gzip.NewReader(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, zip); n != 100<<20 || err != nil {
		t.Errorf("%d octets, %v, want 100 MiB", n, err)
	}
}

// Only a GET of the policy's path at its own host gives the policy.
func TestRequests(t *testing.T) {
	cases := []struct {
		method, path, host string
		status             int
	}{
		{"GET", policyPath, "", 200},
		{"GET", policyPath, "MTA-STS.example.com:443", 200},
		{"HEAD", policyPath, "", 200},
		{"POST", policyPath, "", 405},
		{"GET", policyPath + "?query", "", 200},
		{"GET", "/", "", 404},
		{"GET", policyPath + "/", "", 404},
		{"GET", "/.well-known/MTA-STS.txt", "", 404},
		{"GET", policyPath, "22.1.0.1", 421}, // who dials an address must still name the host
		{"GET", policyPath, "example.com", 421},
		{"GET", policyPath, "mta-sts.example.com:8443", 421},
	}
	w := openText(t, webWorld)
	for _, c := range cases {
		req, err := http.NewRequestWithContext(t.Context(), c.method, "https://mta-sts.example.com"+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = c.host
		resp, err := client(w, time.Minute).Do(req)
		if err != nil {
			t.Errorf("%s %s of %q: %v", c.method, c.path, c.host, err)
			continue
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != c.status || err != nil || (len(body) > 0) != (c.status == 200 && c.method == "GET") {
			t.Errorf("%s %s of %q: %d %q, %v, want %d", c.method, c.path, c.host, resp.StatusCode, body, err, c.status)
		}
	}
}

// Each part of a response comes when its delay is over.
func TestDelays(t *testing.T) {
	const policy = "version: STSv1\nmode: none\nmax_age: 86400\n"
	for part, took := range map[string][2]time.Duration{ // until the header, and until the end
		"handshake": {25 * time.Second, 25 * time.Second}, "header": {25 * time.Second, 25 * time.Second},
		"body": {0, 25 * time.Second},
	} {
		for _, play := range []string{"content-length", "chunked", "close"} {
			synctest.Test(t, func(t *testing.T) {
				w := openText(t, "-- zone --\nmta-sts.example.com. A 22.1.0.1\n-- faults --\nmta-sts.example.com delay "+part+
					" 25s\nmta-sts.example.com body "+play+"\n-- policy/mta-sts.example.com --\n"+policy)
				start := time.Now()
				resp, err := client(w, time.Minute).Get("https://mta-sts.example.com/.well-known/mta-sts.txt")
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				header := time.Since(start)
				body, err := io.ReadAll(resp.Body)
				if got := [2]time.Duration{header, time.Since(start)}; err != nil || string(body) != policy || got != took {
					t.Errorf("%s, %s: %q, %v after %v, want %v", part, play, body, err, got, took)
				}
			})
		}
	}
}

// A host without a policy is not found, and a delay is waited for.
func TestDelayedHostWithoutPolicy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openText(t, "-- zone --\nmta-sts.example.com. A 22.1.0.1\n-- faults --\nmta-sts.example.com delay 30s\n")
		start := time.Now()
		resp, _, err := get(client(w, time.Minute), "mta-sts.example.com")
		if err != nil || resp.StatusCode != 404 || time.Since(start) != 30*time.Second {
			t.Errorf("%v, %v after %v", resp, err, time.Since(start))
		}
		_, _, err = get(client(w, time.Second), "mta-sts.example.com")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("an impatient client: %v", err)
		}
	})
}
