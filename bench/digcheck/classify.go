package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// An answer is the output of dig.
type answer struct {
	rcode string
	alias map[string]string   // CNAME, by owner
	txt   map[string][]string // the joined strings of each record, by owner
	soa   bool                // in the authority section
}

var (
	status  = regexp.MustCompile(`status: ([A-Z]+)`)
	quoted  = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
	version = regexp.MustCompile(`^v=STSv1[ \t]*;`)

	// RFC 8461, section 3.1: the version, then fields separated by delimiters.
	grammar = regexp.MustCompile(`^v=STSv1(?:[ \t]*;[ \t]*[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[!-:<>-~]+)+[ \t]*;?[ \t]*$`)
	id      = regexp.MustCompile(`^v=STSv1(?:[ \t]*;[ \t]*(?:[^;]*))*?[ \t]*;[ \t]*id=([A-Za-z0-9]{1,32})[ \t]*(?:;|$)`)
)

// parse reads the output of dig with +comments +answer +authority.
func parse(text string) (a answer, err error) {
	a.alias, a.txt = make(map[string]string), make(map[string][]string)
	m := status.FindStringSubmatch(text)
	if m == nil {
		return a, fmt.Errorf("no status in the output of dig: %q", text)
	}
	a.rcode = m[1]
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 5 || strings.HasPrefix(line, ";") {
			continue
		}
		owner := strings.ToLower(fields[0])
		switch fields[3] {
		case "CNAME":
			a.alias[owner] = strings.ToLower(fields[4])
		case "SOA":
			a.soa = true
		case "TXT":
			value := ""
			for _, s := range quoted.FindAllStringSubmatch(line, -1) {
				value += s[1]
			}
			a.txt[owner] = append(a.txt[owner], value)
		}
	}
	return a, nil
}

// classify asks for a name and returns what its row should say. Where a server does not follow aliases, it asks for
// their target.
func classify(name string, ask func(name string) (string, error)) (row, error) {
	for range 10 {
		text, err := ask(name)
		switch {
		case errors.Is(err, errSilent):
			return row{Record: "unknown"}, nil
		case err != nil:
			return row{}, err
		}
		a, err := parse(text)
		if err != nil {
			return row{}, err
		}
		asked := name
		for hops := 0; a.alias[name] != "" && hops < 10; hops++ {
			name = a.alias[name]
		}
		r := row{Rcode: a.rcode, TXT: a.txt[name]}
		switch {
		case a.rcode == "NXDOMAIN":
			r.Record = "absent"
		case a.rcode != "NOERROR":
			r.Record = "unknown"
		case len(r.TXT) > 0:
			r.Record = class(r.TXT)
		case a.soa:
			r.Record = "absent"
		case name != asked:
			continue // the server returned aliases only
		default:
			r.Record = "unknown" // a referral
		}
		return r, nil
	}
	return row{Record: "unknown", Rcode: "NOERROR"}, nil
}

// class is the class of the TXT records of a name.
func class(txt []string) string {
	candidates := txt
	if len(txt) > 1 {
		candidates = nil
		for _, s := range txt {
			if strings.HasPrefix(s, "v=STSv1;") {
				candidates = append(candidates, s)
			}
		}
	}
	switch {
	case len(candidates) > 1:
		return "multiple"
	case len(candidates) == 0 || !version.MatchString(candidates[0]):
		return "absent"
	case grammar.MatchString(candidates[0]) && id.MatchString(candidates[0]):
		return "valid"
	}
	return "invalid"
}
