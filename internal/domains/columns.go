package domains

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// columns says which columns of a CSV list hold what.
type columns struct {
	domain int
	rank   int // -1: the list gives no rank
	tags   []int
}

// domainHeaders are the usual headers of the domain's column, the surest first.
func domainHeaders() []string {
	return []string{
		"domain", "domain name", "domain_name", "domainname", "fqdn", "hostname", "host", "site", "name", "origin", "url",
	}
}

// rankHeaders are the usual headers of the rank's column.
func rankHeaders() []string {
	return []string{"rank", "globalrank", "global rank", "global_rank", "position", "#"}
}

func isDomainHeader(cell string) bool {
	return slices.ContainsFunc(domainHeaders(), func(h string) bool { return strings.EqualFold(cell, h) })
}

func hasDomainHeader(cells []string) bool { return slices.ContainsFunc(cells, isDomainHeader) }

// find finds the columns by the first record, and says whether that is a header.
func (c *columns) find(cells []string, layout Layout) (isHeader bool, err error) {
	c.rank = -1
	isHeader, err = c.findDomain(cells, layout.DomainColumn)
	if err != nil {
		return false, err
	}
	if !isHeader && len(layout.Tags) > 0 {
		return false, fmt.Errorf("no header, so no column %q to carry as a tag", layout.Tags[0])
	}
	for _, tag := range layout.Tags {
		i := indexFold(cells, tag)
		if i < 0 {
			return false, missingColumn(tag, cells)
		}
		c.tags = append(c.tags, i)
	}
	if isHeader {
		c.rank = slices.IndexFunc(cells, func(cell string) bool { return indexFold(rankHeaders(), cell) >= 0 })
	} else if c.domain > 0 && parseRank([]byte(cells[0])) > 0 {
		c.rank = 0
	}
	return isHeader, nil
}

// findDomain finds the domain's column: the one that was asked for, or one with a known header. Without a header
// it is the second one of rank,domain, or the only one with a name in it.
func (c *columns) findDomain(cells []string, asked string) (isHeader bool, err error) {
	var names []int
	data := false // there is a cell that no header has
	for i, cell := range cells {
		if host, ok := urlHost([]byte(cell)); ok {
			cell = string(host)
		}
		if _, err := (Rules{AllowSpecialUse: true}).Normalize(cell); err == nil {
			names, data = append(names, i), true
		}
		data = data || parseRank([]byte(cell)) > 0
	}
	if asked != "" {
		if c.domain = indexFold(cells, asked); c.domain >= 0 {
			return true, nil
		}
		n, err := strconv.Atoi(asked)
		if err != nil {
			return false, missingColumn(asked, cells)
		}
		if n < 1 || n > len(cells) {
			return false, fmt.Errorf("no column %d: there are %d", n, len(cells))
		}
		c.domain = n - 1
		return !data, nil
	}
	for _, h := range domainHeaders() {
		if c.domain = indexFold(cells, h); c.domain >= 0 {
			return true, nil
		}
	}
	switch {
	case len(cells) == 2 && parseRank([]byte(cells[0])) > 0:
		c.domain = 1
	case len(names) == 1:
		c.domain = names[0]
	default:
		return false, errors.New("no domain column, name one of: " + listCells(cells))
	}
	return false, nil
}

func missingColumn(name string, cells []string) error {
	return fmt.Errorf("no column %q, there are: %s", name, listCells(cells))
}

// listCells lists the columns, for people.
func listCells(cells []string) string { return strings.Join(printables(cells), ", ") }

// printables are the first of some texts, and how many there are beyond, for people.
func printables(texts []string) (out []string) {
	const most = 20
	for _, text := range texts[:min(len(texts), most)] {
		out = append(out, Printable([]byte(text)))
	}
	if more := len(texts) - most; more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return out
}

func indexFold(cells []string, name string) int {
	return slices.IndexFunc(cells, func(cell string) bool { return strings.EqualFold(cell, strings.TrimSpace(name)) })
}

// parseRank reads a rank, a positive decimal number; 0: there is none.
func parseRank(cell []byte) int64 {
	n := int64(0)
	for _, b := range bytes.TrimSpace(cell) {
		if b < '0' || b > '9' || n > 1<<52 {
			return 0
		}
		n = n*10 + int64(b-'0')
	}
	return n
}

// urlHost is the host of an http or https URL (RFC 3986, section 3.2), without user information and port. It is
// not ok if text is no such URL or has no host. Whether the host is a valid name is not checked.
func urlHost(text []byte) (host []byte, ok bool) {
	scheme, rest, ok := bytes.Cut(text, []byte("://"))
	if !ok || !strings.EqualFold(string(scheme), "http") && !strings.EqualFold(string(scheme), "https") {
		return nil, false
	}
	if end := bytes.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	if at := bytes.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[at+1:]
	}
	// A colon inside the brackets of an IPv6 address begins no port.
	if colon := bytes.LastIndexByte(rest, ':'); colon > bytes.LastIndexByte(rest, ']') {
		if port := rest[colon+1:]; len(port) == 0 || isDigits(port) {
			rest = rest[:colon]
		}
	}
	return rest, len(rest) > 0
}
