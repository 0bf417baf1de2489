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

	"stsscan/internal/listfile"
)

// Exclusions are the names and networks that opted out of being surveyed. A nil *Exclusions excludes nothing.
// They do not change, and are safe for concurrent use.
type Exclusions struct {
	exact    map[string]struct{}
	below    map[string]struct{} // the name itself and everything below it
	networks []netip.Prefix      // masked, sorted; IPv4 never as IPv4-mapped IPv6
}

// ReadExclusions reads a file of exclusions, one a line:
//
//	example.com      # that name and everything below it
//	=example.net     # that name alone
//	192.0.2.0/24     # a network; an address is a network of one
//
// Of a URL, a mail address, a host with a port or a wildcard, the host is the name.
// A # that begins a line or follows white space begins a comment. Any other line is an error, which names file
// and line: an opt-out must not be lost to a typing error.
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
	l := listfile.NewLines(r)
	for {
		text, long, err := l.Next()
		switch {
		case errors.Is(err, io.EOF):
			slices.SortFunc(x.networks, netip.Prefix.Compare)
			x.networks = slices.Compact(x.networks)
			return x, nil
		case err != nil:
			return nil, fmt.Errorf("%s:%d: %w", name, l.N+1, err)
		case long:
			return nil, fmt.Errorf("%s:%d: %s", name, l.N, ReasonLineTooLong.Text())
		}
		if l.N == 1 {
			text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
		}
		entry := strings.TrimSpace(string(beforeComment(text)))
		if entry == "" {
			continue
		}
		if err := x.add(entry); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, l.N, err)
		}
	}
}

// add adds one line. Whole top-level domains may be excluded, special-use or not, and any name that a zone may
// have.
func (x *Exclusions) add(entry string) error {
	if p, ok := parseNetwork(entry); ok {
		x.networks = append(x.networks, p)
		return nil
	}
	name, exact := strings.CutPrefix(entry, "=")
	buf, _, reason := Rules{AllowSpecialUse: true, AllowUnderscore: true}.appendEntry(nil, []byte(name))
	if reason != "" && reason != ReasonSingleLabel {
		return &Reject{Text: shown([]byte(entry)), Reason: reason}
	}
	if exact {
		x.exact[string(buf)] = struct{}{}
	} else {
		x.below[string(buf)] = struct{}{}
	}
	return nil
}

// parseNetwork reads an address or a prefix. IPv4-mapped IPv6 becomes IPv4.
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

// SHA256 identifies what is excluded, in hexadecimal, whatever the order and the comments in the file; "":
// nothing is excluded.
func (x *Exclusions) SHA256() string {
	entries := x.entries()
	if len(entries) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(entries, "\n")))
	return hex.EncodeToString(sum[:])
}

// entries are the lines of a file of exclusions, in order, without comments.
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
