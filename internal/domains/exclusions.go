package domains

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// Exclusions are who opted out of being surveyed. A nil *Exclusions excludes
// nobody. It does not change, and is safe for concurrent use.
type Exclusions struct {
	exact    map[string]struct{}
	below    map[string]struct{} // the name itself and everything below it
	networks []netip.Prefix      // masked, sorted; IPv4 in its own form
}

// ReadExclusions reads a file of exclusions, one a line:
//
//	example.com      # that name and everything below it
//	=example.net     # that name alone
//	192.0.2.0/24     # a network; an address is a network of one
//
// A # that begins a line or follows white space begins a comment. Any line
// that is none of these is an error, which names file and line: a wish to be
// left alone must not be lost to a slip of the pen.
func ReadExclusions(path string) (*Exclusions, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parseExclusions(path, f)
}

func parseExclusions(name string, r io.Reader) (*Exclusions, error) {
	x := &Exclusions{exact: make(map[string]struct{}), below: make(map[string]struct{})}
	l := newLines(r)
	for {
		text, long, err := l.next()
		switch {
		case errors.Is(err, io.EOF):
			slices.SortFunc(x.networks, netip.Prefix.Compare)
			x.networks = slices.Compact(x.networks)
			return x, nil
		case err != nil:
			return nil, fmt.Errorf("%s:%d: %w", name, l.n+1, err)
		case long:
			return nil, fmt.Errorf("%s:%d: %s", name, l.n, ReasonLineTooLong.Text())
		}
		if l.n == 1 {
			text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
		}
		entry := strings.TrimSpace(string(beforeComment(text)))
		if entry == "" {
			continue
		}
		if err := x.add(entry); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, l.n, err)
		}
	}
}

// add takes in one line. A whole top-level domain, special-use or not, may be
// excluded, and whatever name a zone may have.
func (x *Exclusions) add(entry string) error {
	if p, ok := parseNetwork(entry); ok {
		x.networks = append(x.networks, p)
		return nil
	}
	name, exact := strings.CutPrefix(entry, "=")
	buf, reason := Rules{AllowSpecialUse: true, AllowUnderscore: true}.appendName(nil, []byte(name))
	if reason != "" && reason != ReasonSingleLabel {
		return &Reject{Text: Printable([]byte(entry)), Reason: reason}
	}
	if exact {
		x.exact[string(buf)] = struct{}{}
	} else {
		x.below[string(buf)] = struct{}{}
	}
	return nil
}

// parseNetwork reads an address or a prefix; one that is IPv4 in IPv6 clothes
// is IPv4.
func parseNetwork(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
}

// Domain says whether a name, as [Normalize] returns it, opted out.
func (x *Exclusions) Domain(name string) bool { return x.domain([]byte(name)) }

func (x *Exclusions) domain(name []byte) bool {
	if x == nil || len(x.exact)+len(x.below) == 0 {
		return false
	}
	if _, ok := x.exact[string(name)]; ok {
		return true
	}
	for {
		if _, ok := x.below[string(name)]; ok {
			return true
		}
		dot := bytes.IndexByte(name, '.')
		if dot < 0 {
			return false
		}
		name = name[dot+1:]
	}
}

// Addr says whether an address is in a network that opted out.
func (x *Exclusions) Addr(addr netip.Addr) bool {
	if x == nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(x.networks, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// SHA256 identifies what is excluded, in hexadecimal, whatever the order and
// the comments it was written with; "" when nobody is.
func (x *Exclusions) SHA256() string {
	entries := x.entries()
	if len(entries) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(entries, "\n")))
	return hex.EncodeToString(sum[:])
}

// entries are who is excluded, as a file of exclusions has them, in order.
func (x *Exclusions) entries() []string {
	if x == nil {
		return nil
	}
	var entries []string
	for name := range x.exact {
		entries = append(entries, "="+name)
	}
	for name := range x.below {
		entries = append(entries, name)
	}
	for _, p := range x.networks {
		entries = append(entries, p.String())
	}
	slices.Sort(entries)
	return entries
}

// newExclusions makes Exclusions of entries.
func newExclusions(entries []string) (*Exclusions, error) {
	return parseExclusions("", strings.NewReader(strings.Join(entries, "\n")))
}
