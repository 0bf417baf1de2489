package egress

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"stsscan/internal/limiter"
)

// Manners, what they cost, and the connections to all addresses together: see package limiter.
type (
	Manners       = limiter.Manners
	MannersCounts = limiter.Counts
	Connections   = limiter.Connections
)

// DefaultManners are those of a zero Manners, in numbers.
func DefaultManners() Manners { return limiter.DefaultManners() }

// NoManners bound nothing. They are for a test bed, where thousands of hosts share few addresses.
func NoManners() Manners { return limiter.NoManners() }

// A permitConn is a connection whose end releases its permit.
type permitConn struct {
	net.Conn
	permit *limiter.Permit
}

func (c *permitConn) Close() error {
	defer c.permit.Release()
	return c.Conn.Close()
}

// tooManyWait is for a 429 that names no time.
const tooManyWait = 10 * time.Second

// retryAfter is how long a response asks us to stay away (RFC 9110, section 10.2.3, RFC 6585, section 4).
func retryAfter(resp *http.Response, now time.Time) (time.Duration, bool) {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return 0, false
	}
	text := strings.TrimSpace(resp.Header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, seconds > 0
	}
	if at, err := http.ParseTime(text); err == nil {
		return at.Sub(now), at.After(now)
	}
	return tooManyWait, resp.StatusCode == http.StatusTooManyRequests
}
