package survey

import (
	"context"
	"sync"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
)

// What a tlsaCache keeps: a mail provider's few hosts serve most of the domains
// that ask for any, with a few short records each. Whoever has longer ones is asked
// again, and a new host takes the place of any other: neither octets nor names of
// strangers fill it.
const (
	maxTLSACache  = 1 << 14 // hosts
	maxTLSAOctets = 2 << 10 // of the name and the records of one
)

// A tlsaCache keeps the answers about the TLSA records of MX hosts, for a run.
// Its zero value is ready.
type tlsaCache struct {
	mu    sync.Mutex
	hosts map[string]mtasts.HostTLSA
}

// lookup is [mtasts.LookupTLSA] for a host that may have been asked for before.
func (c *tlsaCache) lookup(ctx context.Context, ex mtasts.Exchanger, host string) (mtasts.HostTLSA, error) {
	c.mu.Lock()
	kept, ok := c.hosts[host]
	c.mu.Unlock()
	if ok {
		return kept, nil
	}
	found, err := mtasts.LookupTLSA(ctx, ex, host)
	if err == nil && found.Class != codes.TLSAUnknown && octetsOf(host, found) <= maxTLSAOctets {
		c.keep(host, found)
	}
	return found, err
}

func (c *tlsaCache) keep(host string, found mtasts.HostTLSA) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hosts == nil {
		c.hosts = make(map[string]mtasts.HostTLSA)
	}
	for other := range c.hosts {
		if len(c.hosts) < maxTLSACache {
			break
		}
		delete(c.hosts, other)
	}
	c.hosts[host] = found
}

func octetsOf(host string, found mtasts.HostTLSA) int {
	n := len(host)
	for _, record := range found.Records {
		n += len(record.Data)
	}
	return n
}
