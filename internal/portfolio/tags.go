package portfolio

import (
	"fmt"
	"slices"
	"strings"

	"stsscan/internal/domains"
	"stsscan/internal/explain"
	"stsscan/internal/output"
)

func tagList(tags []string) string {
	if len(tags) == 0 {
		return "it has none (scan --tags NAME,... carries columns of the lists)"
	}
	return "they are " + strings.Join(tags, ", ")
}

// tagNamed is the tag with a name, without regard to case unless several differ by it only.
func tagNamed(name string, tags []string) (string, bool) {
	if slices.Contains(tags, name) {
		return name, true
	}
	i := slices.IndexFunc(tags, func(tag string) bool { return strings.EqualFold(tag, name) })
	if i < 0 {
		return "", false
	}
	return tags[i], true
}

// ofRun is the query with the names that the tags have in a run.
func (q Query) ofRun(dir string, tags []string) (Query, error) {
	q.Tags = slices.Clone(q.Tags)
	var names []*string
	for i := range q.Tags {
		names = append(names, &q.Tags[i].Name)
	}
	if q.By != "" {
		names = append(names, &q.By)
	}
	for _, name := range names {
		tag, ok := tagNamed(*name, tags)
		if !ok {
			return q, unknown("tag of "+dir, *name, tags, tagList(tags))
		}
		*name = tag
	}
	return q, nil
}

// mostValues is how many values of a tag are named.
const mostValues = 10

// values are what rows have in place of tags that were asked for.
type values struct {
	found map[Tag]bool
	first map[string][]string // by name of the tag: the first values, one more than are named at most
}

// add notes the tags of a row that meets the rest of the query.
func (v *values) add(q Query, tags map[string]string) {
	if v.found == nil && len(q.Tags) > 0 {
		v.found, v.first = make(map[Tag]bool), make(map[string][]string)
	}
	for _, tag := range q.Tags {
		first, value := v.first[tag.Name], tags[tag.Name]
		if value != "" && len(first) <= mostValues && !slices.Contains(first, value) {
			v.first[tag.Name] = append(first, value)
		}
		v.found[tag] = v.found[tag] || tag.of(tags)
	}
}

// lack says which tags of the query no row has, a line each.
func (v *values) lack(q Query) string {
	who := "no domain"
	if rest := (Query{Verdicts: q.Verdicts, Findings: q.Findings}); len(rest.Verdicts)+len(rest.Findings) > 0 {
		who += " with " + rest.String()
	}
	var lines []string
	for _, tag := range q.Tags {
		first := slices.Clone(v.first[tag.Name])
		if v.found[tag] || tag.Value == "" || len(first) == 0 {
			continue
		}
		there := "values of " + tag.Name
		if len(first) > mostValues {
			there, first = "some "+there, first[:mostValues]
		}
		slices.Sort(first)
		lines = append(lines, explain.Printable(fmt.Sprintf("%s has %s=%s; %s: %s",
			who, tag.Name, tag.Value, there, strings.Join(first, ", "))))
	}
	return strings.Join(lines, "\n")
}

// otherOwners are the tags of the duplicates of domains. They take memory for each such duplicate.
func otherOwners(dir string, m *output.Manifest) (map[string][]map[string]string, error) {
	owners := make(map[string][]map[string]string)
	for d, err := range domains.ReadDuplicates(dir, m.OtherTags()) {
		if err != nil {
			return nil, err
		}
		owners[d.Domain] = append(owners[d.Domain], d.Tags)
	}
	return owners, nil
}
