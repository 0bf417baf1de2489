package mtasts

import (
	"context"

	"github.com/miekg/dns"
)

// A FirstReply is what the reply to the question of [RecordQuestion] says. It keeps no more of the reply than a
// [Lookup] does, so that very many can wait.
type FirstReply struct {
	domain string
	walk   walk // what is still open; its records are read
	lookup Lookup
	err    error // of lookup
}

// ReadReply reads the reply to the first question about domain, and keeps nothing of it.
func ReadReply(domain string, reply *dns.Msg) *FirstReply {
	f := &FirstReply{domain: domain, walk: newWalk(recordOwner(domain), dns.TypeTXT)}
	f.walk.read(reply)
	f.conclude()
	return f
}

// conclude reads the records where nothing is open, and drops them.
func (f *FirstReply) conclude() {
	if f.walk.done {
		f.lookup, f.err = f.walk.lookup(f.domain)
		f.walk = walk{done: true}
	}
}

// Lookup is [LookupRecord] after the first reply. It asks ex only where that reply ends in an alias and does
// not say what the alias leads to.
func (f *FirstReply) Lookup(ctx context.Context, ex Exchanger) (Lookup, error) {
	if !f.walk.done {
		f.walk.finish(ctx, ex)
		f.conclude()
	}
	return f.lookup, f.err
}

// Octets is the size of all that varies in it.
func (f *FirstReply) Octets() (n int) {
	const each = 16 // of a string beside its text
	for _, texts := range [][]string{f.lookup.TXT, f.lookup.CNAMEs, f.walk.aliases} {
		for _, text := range texts {
			n += each + len(text)
		}
	}
	for _, x := range f.lookup.Record.Extensions {
		n += 2*each + len(x.Name) + len(x.Value)
	}
	return n
}
