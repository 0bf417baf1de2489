package verify

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"

	"stsscan/internal/domains"
)

// countOtherTags counts the lines of the file of duplicates with other tags.
func (c *check) countOtherTags() error {
	const name = domains.DuplicatesFile
	want := int64(0)
	for _, in := range c.manifests[0].Inputs {
		want += in.OtherTags
	}
	file, err := os.Open(c.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		if want > 0 {
			c.problem(name, "%s counts %d lines in it, and it is not there", c.manifests[0].Name(), want)
		}
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	got := int64(0)
	for lines := json.NewDecoder(file); ; got++ {
		if err = lines.Decode(new(domains.DuplicateLine)); err != nil {
			break
		}
	}
	switch {
	case err != io.EOF:
		c.problem(name, "line %d: %v", got+1, err)
	case got != want:
		c.problem(name, "has %d lines, %s counts %d", got, c.manifests[0].Name(), want)
	}
	return nil
}
