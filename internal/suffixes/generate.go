//go:build ignore

// This program writes suffixes.txt: the rules that golang.org/x/net/publicsuffix
// has, of the version that go.mod names, which keeps them to itself.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

const notice = `# %s
# From golang.org/x/net/publicsuffix by generate.go; do not edit.
#
# This Source Code Form is subject to the terms of the Mozilla Public License,
# v. 2.0. If a copy of the MPL was not distributed with this file, You can
# obtain one at https://mozilla.org/MPL/2.0/.
`

func main() {
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate() error {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/net").Output()
	if err != nil {
		return err
	}
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "publicsuffix", "table_test.go"))
	if err != nil {
		return err
	}
	_, source, _ = bytes.Cut(source, []byte("var rules = [...]string{\n"))
	source, _, _ = bytes.Cut(source, []byte("\n}"))
	var rules []string
	for _, m := range regexp.MustCompile(`"([^"]+)"`).FindAllSubmatch(source, -1) {
		rules = append(rules, string(m[1]))
	}
	if len(rules) == 0 {
		return errors.New("no rules in table_test.go")
	}
	slices.Sort(rules)
	out := fmt.Sprintf(notice, publicsuffix.List) + strings.Join(rules, "\n") + "\n"
	return os.WriteFile("suffixes.txt", []byte(out), 0o644)
}
