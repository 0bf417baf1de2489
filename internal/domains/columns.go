package domains

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// columns says which columns of a CSV list hold what.
type columns struct {
	domain int
	rank   int // -1: the list gives no rank
	tags   []int
}

// domainHeaders are the usual headers of the domain's column, as headerKey has them, the surest first. The last ones
// are often those of something else, such as the name of an owner.
func domainHeaders() []string {
	return []string{
		"domain", "domainname", "domains", "maildomain", "emaildomain", "fqdn", "hostname", "host", "origin", "website",
		"url", "homepage", "site", "name", "email", "emailaddress", "mailaddress", "mail",
	}
}

// rankHeaders are the usual headers of the rank's column, as headerKey has them.
func rankHeaders() []string { return []string{"rank", "globalrank", "position", "#"} }

// headerKey is what is compared of a header: its letters without regard to case, white space, hyphens, underscores and
// quotes.
func headerKey(cell string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("-_\"'", r) {
			return -1
		}
		return unicode.ToLower(r)
	}, cell)
}

func isDomainHeader(cell string) bool { return slices.Contains(domainHeaders(), headerKey(cell)) }

func hasDomainHeader(cells []string) bool { return slices.ContainsFunc(cells, isDomainHeader) }

// find finds the columns by the first record, and says whether that is a header. next are the records behind it.
func (c *columns) find(cells []string, layout Layout, next [][]string) (isHeader bool, err error) {
	c.rank = -1
	isHeader, err = c.findDomain(cells, layout.DomainColumn, next)
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
		c.rank = slices.IndexFunc(cells, func(cell string) bool { return slices.Contains(rankHeaders(), headerKey(cell)) })
	} else if c.domain > 0 && parseRank([]byte(cells[0])) > 0 {
		c.rank = 0
	}
	return isHeader, nil
}

// findDomain finds the domain's column: the one that was asked for, or one with a known header. Without a header
// it is the second one of rank,domain, or the only one with a name in it, or else with a mail address.
func (c *columns) findDomain(cells []string, asked string, next [][]string) (isHeader bool, err error) {
	var names, addresses []int
	data := false // there is a cell that no header has
	for i, cell := range cells {
		if kind, ok := entryIn(cell); ok {
			data = true
			if kind == ReasonMailAddress {
				addresses = append(addresses, i)
			} else {
				names = append(names, i)
			}
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
	if c.domain = surestHeader(cells, next); c.domain >= 0 {
		return true, nil
	}
	switch {
	case len(cells) == 2 && parseRank([]byte(cells[0])) > 0:
		c.domain = 1
	case len(names) == 1:
		c.domain = names[0]
	case len(names) == 0 && len(addresses) == 1:
		c.domain = addresses[0]
	default:
		return false, errors.New("no domain column: name one with --domain-column; there are: " + listCells(cells))
	}
	return false, nil
}

// surestHeader is the column of the surest of domainHeaders; -1: there is none. One whose cells in most of the next
// records are something else is only taken if there is no other.
func surestHeader(cells []string, next [][]string) int {
	first := -1
	for _, header := range domainHeaders() {
		i := slices.IndexFunc(cells, func(cell string) bool { return headerKey(cell) == header })
		if i < 0 {
			continue
		}
		names, others := 0, 0
		for _, record := range next {
			switch {
			case i >= len(record) || record[i] == "":
			case hasName(record[i]):
				names++
			default:
				others++
			}
		}
		if names >= others {
			return i
		}
		if first < 0 {
			first = i
		}
	}
	return first
}

// hasName says whether a cell has a name, or a URL or mail address with one.
func hasName(cell string) bool {
	_, ok := entryIn(cell)
	return ok
}

// entryIn says whether a cell has an entry that can be asked, and what its host is taken from, if not a bare name.
func entryIn(cell string) (kind Reason, ok bool) {
	_, kind, reason := (Rules{AllowSpecialUse: true}).appendEntry(nil, []byte(cell))
	return kind, reason == ""
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
		out = append(out, shown([]byte(text)))
	}
	if more := len(texts) - most; more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return out
}

// indexFold finds a column by its header, without regard to case, and to white space and quotes around it.
func indexFold(cells []string, name string) int {
	const around = " \t\"'"
	name = strings.Trim(name, around)
	return slices.IndexFunc(cells, func(cell string) bool { return strings.EqualFold(strings.Trim(cell, around), name) })
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
