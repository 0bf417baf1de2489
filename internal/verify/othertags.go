package verify

import "stsscan/internal/domains"

// readOtherTags checks the file of duplicates with other tags by its hash, and counts its lines.
func (c *check) readOtherTags() error {
	if c.plan != nil {
		if err := c.plan.CheckDuplicates(); err != nil {
			c.problem("", "%v", err)
			return nil
		}
	}
	for _, err := range domains.ReadDuplicates(c.dir, c.manifests[0].OtherTags()) {
		if err != nil {
			c.problem("", "%v", err)
		}
	}
	return nil
}
