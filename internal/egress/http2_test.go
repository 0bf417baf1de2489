package egress

import (
	"net"
	"testing"

	"stsscan/internal/codes"
)

// What a server of HTTP/2 sends instead of a response is noted at once, though it goes on waiting; what only
// looks like it is read as ever.
func TestHTTP2Frames(t *testing.T) {
	p := newPKI(t)
	const (
		settings = "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64"
		goAway   = "\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
	)
	for _, c := range []struct {
		title, text string
		want        bool
	}{
		{"SETTINGS", settings, true},
		{"SETTINGS without any", "\x00\x00\x00\x04\x00\x00\x00\x00\x00", true},
		{"SETTINGS, then GOAWAY", settings + goAway, true},
		{"GOAWAY", goAway, true},
		{"SETTINGS of a stream", "\x00\x00\x00\x04\x00\x00\x00\x00\x01\r\n\r\n", false},
		{"SETTINGS of no length", "\x00\x00\x05\x04\x00\x00\x00\x00\x00\r\n\r\n", false},
		{"DATA", "\x00\x00\x08\x00\x00\x00\x00\x00\x00\r\n\r\n", false},
		{"garbage", "\x00\x15\xff not a status line\r\n\r\n", false},
		{"less than a frame", "\r\n\r\n", false},
	} {
		t.Run(c.title, func(t *testing.T) {
			t.Parallel()
			transport := reach(t, p, Config{}, overTLS(p.good(t), func(conn net.Conn) {
				if readRequest(conn) {
					_, _ = conn.Write([]byte(c.text))
					if c.want {
						waitForEnd(conn)
					}
				}
			}))
			var trace Trace
			_, err := fetch(t, WithTrace(t.Context(), &trace), transport)
			wantError(t, err, codes.StageHTTP, codes.ReasonMalformed, false)
			if trace.HTTP2Only != c.want {
				t.Errorf("HTTP/2 alone: %v (%v)", trace.HTTP2Only, err)
			}
		})
	}
}
