// Package resolvconf reads lists of the resolvers to ask: as a user writes them, or as the system has them
// (resolv.conf(5)).
package resolvconf

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

const defaultPort = 53

// A Server is one resolver of a list. One with a name has only a port until [Resolve].
type Server struct {
	Name string // "": the address is known
	Addr netip.AddrPort
}

// Parse reads a list of servers: either with commas between, or @FILE, a file with one a line, where # begins a
// comment. Each is an IP address or the name of a host, with an optional port after a colon, or after # or @ as other
// programs write: 192.0.2.1, 192.0.2.1:5353, 192.0.2.1#5353, 2001:db8::1, [2001:db8::1]:5353, dns.example:5353.
func Parse(s string) ([]Server, error) {
	if file, ok := strings.CutPrefix(s, "@"); ok {
		return readFile(file)
	}
	var servers []Server
	for text := range strings.SplitSeq(s, ",") {
		server, err := parseOne(strings.TrimSpace(text))
		if err != nil {
			return nil, err
		}
		servers = append(servers, server)
	}
	return servers, nil
}

// Resolve returns the addresses of servers, each once, and none as an IPv4-mapped one. It asks lookup, such as
// [net.Resolver.LookupNetIP], for those of names, and tells found what they are.
func Resolve(
	ctx context.Context, servers []Server, lookup func(ctx context.Context, network, name string) ([]netip.Addr, error),
	found func(name string, addrs []netip.Addr),
) (upstreams []netip.AddrPort, err error) {
	for _, s := range servers {
		addrs := []netip.Addr{s.Addr.Addr()}
		if s.Name != "" {
			if addrs, err = lookup(ctx, "ip", s.Name); err != nil {
				return nil, fmt.Errorf("%s: the system does not resolve this name: %w", s.Name, err)
			}
			found(s.Name, addrs)
		}
		for _, addr := range addrs {
			upstreams = appendNew(upstreams, netip.AddrPortFrom(addr.Unmap(), s.Addr.Port()))
		}
	}
	return upstreams, nil
}

func readFile(file string) ([]Server, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var servers []Server
	for i, line := range strings.Split(string(content), "\n") {
		text := withoutComment(line)
		if text == "" {
			continue
		}
		server, err := parseOne(text)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
		}
		servers = append(servers, server)
	}
	if len(servers) == 0 {
		return nil, fmt.Errorf("%s: no resolver in it: write one a line", file)
	}
	return servers, nil
}

// withoutComment cuts a line at its comment. A # between a name and digits is that of a port.
func withoutComment(line string) string {
	for i := range len(line) {
		port := i > 0 && line[i-1] > ' ' && i+1 < len(line) && '0' <= line[i+1] && line[i+1] <= '9'
		if line[i] == '#' && !port {
			line = line[:i]
			break
		}
	}
	return strings.TrimSpace(line)
}

func parseOne(text string) (Server, error) {
	if text == "" {
		return Server{}, errors.New("a resolver is missing: the list has a comma too many")
	}
	s := Server{Addr: netip.AddrPortFrom(netip.Addr{}, defaultPort)}
	host, port := text, ""
	i := strings.LastIndexAny(text, ":#@")
	if i >= 0 && (text[i] != ':' || strings.Count(text, ":") == 1 || text[i-1] == ']') {
		host, port = text[:i], text[i+1:]
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return s, fmt.Errorf("resolver %q: %q is no port, from 1 to 65535", text, port)
		}
		s.Addr = netip.AddrPortFrom(netip.Addr{}, uint16(n))
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		host = strings.TrimSuffix(inner, "]")
	}
	addr, err := netip.ParseAddr(host)
	switch {
	case err != nil && isHostName(host):
		s.Name = host
	case err != nil:
		return s, fmt.Errorf("resolver %q: neither an IP address nor the name of a host, with an optional port", text)
	case addr.IsUnspecified(), addr.IsMulticast():
		return s, fmt.Errorf("resolver %q: not an address that can be asked", text)
	}
	s.Addr = netip.AddrPortFrom(addr, s.Addr.Port())
	return s, nil
}

// isHostName reports whether a text can be the name of a host: labels of letters, digits and hyphens, the last of
// which is no number, as in an address with a slip.
func isHostName(text string) bool {
	labels := strings.Split(strings.TrimSuffix(text, "."), ".")
	for _, label := range labels {
		odd := func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
		}
		if label == "" || len(label) > 63 || label[0] == '-' || strings.ContainsFunc(label, odd) {
			return false
		}
	}
	_, err := strconv.Atoi(labels[len(labels)-1])
	return err != nil && len(text) <= 253
}

func appendNew(upstreams []netip.AddrPort, u netip.AddrPort) []netip.AddrPort {
	if slices.Contains(upstreams, u) {
		return upstreams
	}
	return append(upstreams, u)
}

// System returns the name servers of /etc/resolv.conf. A system without that file gives an error: its upstreams must
// be named.
func System() ([]netip.AddrPort, error) {
	return system("/etc/resolv.conf")
}

func system(file string) ([]netip.AddrPort, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the resolvers of this system are not known: %w", err)
	}
	var upstreams []netip.AddrPort
	for line := range strings.Lines(string(content)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		addr, err := netip.ParseAddr(fields[1])
		if err != nil {
			return nil, fmt.Errorf("%s: name server %q: not an IP address", file, fields[1])
		}
		upstreams = appendNew(upstreams, netip.AddrPortFrom(addr.Unmap(), defaultPort))
	}
	if len(upstreams) == 0 {
		return nil, fmt.Errorf("%s: no name server in it", file)
	}
	return upstreams, nil
}
