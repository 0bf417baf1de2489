package config

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Blame adds to an error, for each flag that it names and that a variable or the file set, which of them did.
func (s *Settings) Blame(err error) error {
	if err == nil {
		return nil
	}
	named := regexp.MustCompile(`--[a-z0-9][a-z0-9-]*`).FindAllString(err.Error(), -1)
	var origins []string
	for _, setting := range s.All {
		if flag := "--" + setting.Name; setting.elsewhere() && slices.Contains(named, flag) {
			origins = append(origins, flag+": "+setting.Origin)
		}
	}
	if origins == nil {
		return err
	}
	return fmt.Errorf("%w (%s)", err, strings.Join(origins, ", "))
}

// Shown is a value as it may be shown: without the password that a URL has.
func Shown(value string) string {
	u, err := url.Parse(value)
	switch {
	case err == nil && u.User != nil:
		return u.Redacted()
	case err != nil && strings.Contains(value, "://") && strings.Contains(value, "@"):
		return "xxxxx" // a password may be why it is no URL
	}
	return value
}
