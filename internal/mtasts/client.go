package mtasts

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"stsscan/internal/codes"
)

// A Client looks up records and fetches policies as the functions of the same names do. It logs a debug line
// for each, and observes how long each Get takes. Its methods may be called concurrently if Exchanger and
// Transport may.
type Client struct {
	Exchanger Exchanger
	Transport http.RoundTripper
	Log       *slog.Logger // nil: silent

	// Observe is called with how long each Get took, and its result: "ok", "lookuperror" or "fetcherror". It may
	// be called concurrently. Nil: none is.
	Observe func(result string, d time.Duration)
}

// LookupRecord is [LookupRecord] with a debug line.
func (c *Client) LookupRecord(ctx context.Context, domain string) (Lookup, error) {
	start := time.Now()
	l, err := LookupRecord(ctx, c.Exchanger, domain)
	c.lookedUp(ctx, start, l, err)
	return l, err
}

// LookupFrom is [FirstReply.Lookup] with a debug line.
func (c *Client) LookupFrom(ctx context.Context, first *FirstReply) (Lookup, error) {
	start := time.Now()
	l, err := first.Lookup(ctx, c.Exchanger)
	c.lookedUp(ctx, start, l, err)
	return l, err
}

func (c *Client) lookedUp(ctx context.Context, start time.Time, l Lookup, err error) {
	c.debug(ctx, "mta-sts record looked up", err,
		slog.String("domain", l.Domain),
		slog.String("record", string(l.Class)),
		slog.String("reason", string(l.Reason)),
		slog.String("id", l.Record.ID),
		slog.Int("cnames", len(l.CNAMEs)),
		slog.Duration("elapsed", time.Since(start)))
}

// FetchPolicy is [FetchPolicy] with a debug line.
func (c *Client) FetchPolicy(ctx context.Context, domain string) (Fetch, error) {
	start := time.Now()
	f, err := FetchPolicy(ctx, c.Transport, domain)
	c.debug(ctx, "mta-sts policy fetched", err,
		slog.String("domain", domain),
		slog.String("policy", string(f.Class)),
		slog.String("stage", string(f.Stage)),
		slog.String("reason", string(f.Reason)),
		slog.Int("status", f.Status),
		slog.String("mode", string(f.Policy.Mode)),
		slog.Duration("elapsed", time.Since(start)))
	return f, err
}

func (c *Client) debug(ctx context.Context, msg string, err error, attrs ...slog.Attr) {
	if c.Log == nil {
		return
	}
	if err != nil {
		attrs = append(attrs, slog.Any("error", err))
	}
	c.Log.LogAttrs(ctx, slog.LevelDebug, msg, attrs...)
}

// Get is what a sender does on first contact with domain: it looks the record up and, where it is valid,
// fetches the policy. Without a valid record the class of the Fetch is not_fetched. The error is that of the
// lookup or of the fetch.
func (c *Client) Get(ctx context.Context, domain string) (Lookup, Fetch, error) {
	start := time.Now()
	result := "lookuperror"
	if c.Observe != nil {
		defer func() { c.Observe(result, time.Since(start)) }()
	}
	l, err := c.LookupRecord(ctx, domain)
	if err != nil {
		return l, Fetch{Domain: domain, Class: codes.PolicyNotFetched}, err
	}
	f, err := c.FetchPolicy(ctx, domain)
	result = "ok"
	if err != nil {
		result = "fetcherror"
	}
	return l, f, err
}

// Get is [Client.Get] without log lines and observations.
func Get(ctx context.Context, ex Exchanger, rt http.RoundTripper, domain string) (Lookup, Fetch, error) {
	c := Client{Exchanger: ex, Transport: rt}
	return c.Get(ctx, domain)
}
