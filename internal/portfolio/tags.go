package portfolio

import (
	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// meantTag is meant for a tag.
func meantTag(typed string, tags []string) string {
	if len(tags) == 0 {
		return "it has none (scan --tags NAME,... carries columns of the lists)"
	}
	return meant(typed, tags)
}

// otherOwners are the tags of the duplicates of domains, as far as a query asks for them. They take memory for each
// such duplicate.
func otherOwners(dir string, m *output.Manifest, q Query) (map[string][]map[string]string, error) {
	owners := make(map[string][]map[string]string)
	for d, err := range domains.ReadDuplicates(dir, m.OtherTags()) {
		if err != nil {
			return nil, err
		}
		if q.takes(d.Tags) {
			owners[d.Domain] = append(owners[d.Domain], d.Tags)
		}
	}
	return owners, nil
}
