package store

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"time"
)

// Defaults of a [Config].
const (
	DefaultWait    = 10 * time.Minute
	DefaultReach   = 30 * time.Second
	DefaultAttempt = time.Minute
)

// A Config says how a store is reached. The zero Config takes from the environment, and from the files of the user,
// what the tools of AWS take from there. A directory needs none of it.
type Config struct {
	Endpoint  string // a URL without a path; "": that of AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, or AWS itself
	Region    string // "": that of AWS_REGION or AWS_DEFAULT_REGION, or what the server says, or us-east-1
	AccessKey string // "": that of AWS_ACCESS_KEY_ID, of the profile AWS_PROFILE, or of the role of this machine
	SecretKey string // that of AccessKey

	Wait    time.Duration // how long a call tries again while the store is unavailable; 0: DefaultWait
	Reach   time.Duration // the same, while the store has never answered this process; 0: DefaultReach
	Attempt time.Duration // how long one attempt may take, besides a second for each 256 KiB; 0: DefaultAttempt

	Dial func(ctx context.Context, network, address string) (net.Conn, error) // nil: that of the net package
	Log  *slog.Logger                                                         // nil: silent
}

// filled is the Config with its defaults.
func (c Config) filled() Config {
	c.Endpoint = cmp.Or(c.Endpoint, os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_ENDPOINT_URL"))
	c.Region = cmp.Or(c.Region, os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"))
	if c.Endpoint == "" {
		c.Endpoint = awsEndpoint
	} else if c.Region == "" {
		c.Region = "us-east-1" // what servers other than those of AWS expect
	}
	c.Wait = cmp.Or(c.Wait, DefaultWait)
	c.Reach = min(cmp.Or(c.Reach, DefaultReach), c.Wait)
	c.Attempt = cmp.Or(c.Attempt, DefaultAttempt)
	if c.Dial == nil {
		c.Dial = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// awsEndpoint is that of AWS, before the region is known.
const awsEndpoint = "https://s3.amazonaws.com"

// address is the host and port of the endpoint, and whether it is reached by TLS.
func (c Config) address() (host string, secure bool, err error) {
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" ||
		strings.Trim(u.Path, "/") != "" {
		return "", false, fmt.Errorf("the endpoint of the store: %w: it is not http://HOST:PORT or https://HOST", ErrRefused)
	}
	return u.Host, u.Scheme == "https", nil
}
