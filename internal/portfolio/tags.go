package portfolio

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// tagNames are the columns of the lists that a run carries, in the order in which they were asked for.
func tagNames(manifests []*output.Manifest) ([]string, error) {
	list := strings.TrimSuffix(strings.TrimPrefix(manifests[0].Config["tags"], "["), "]")
	names, err := csv.NewReader(strings.NewReader(list)).Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: the tags are %q: %w", manifests[0].Name(), list, err)
	}
	return names, nil
}

// meantTag is meant for a tag.
func meantTag(typed string, tags []string) string {
	if len(tags) == 0 {
		return "it has none (scan --tags NAME,... carries columns of the lists)"
	}
	return meant(typed, tags)
}

// otherOwners are the tags of the duplicates of domains, as far as a query asks for them. They take memory for each
// such duplicate.
func otherOwners(dir string, q Query) (map[string][]map[string]string, error) {
	owners := make(map[string][]map[string]string)
	for d, err := range domains.ReadDuplicates(dir) {
		if err != nil {
			return nil, err
		}
		if q.takes(d.Tags) {
			owners[d.Domain] = append(owners[d.Domain], d.Tags)
		}
	}
	return owners, nil
}
