package internal_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestArchitecture holds ARCHITECTURE.md against the tree: the files and tests
// that it names exist, and a file has the function that is said to be in it, as in
// "sieve.go: `admit`".
func TestArchitecture(t *testing.T) {
	page, err := os.ReadFile("../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	files, tests := make(map[string][]string), make(map[string]bool)
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err = filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name = filepath.ToSlash(name)
		for at := name; at != ""; { // by each end of its path
			files[at] = append(files[at], name)
			_, at, _ = strings.Cut(at, "/")
		}
		if strings.HasSuffix(name, "_test.go") {
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			dir := filepath.Base(filepath.Dir(name))
			for _, match := range declared.FindAllStringSubmatch(string(text), -1) {
				tests[dir+"."+match[1]], tests[match[1]] = true, true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile("`([^`\n]+)`|(\\w+\\.go)").FindAllStringSubmatch(string(page), -1) {
		name := match[1] + match[2]
		_, function, _ := strings.Cut("."+name, ".")
		switch {
		case strings.HasSuffix(name, ".go") && files[name] == nil:
			t.Errorf("there is no file %s", name)
		case regexp.MustCompile(`^(\w+\.)?(Test|Fuzz)[A-Z]\w+$`).MatchString(function) && !tests[function]:
			t.Errorf("there is no test %s", function)
		}
	}
	inFile := regexp.MustCompile("([\\w/]+\\.go)`?: `(?:\\w+\\.)?(\\w+)`")
	for _, match := range inFile.FindAllStringSubmatch(string(page), -1) {
		has := func(name string) bool {
			text, err := os.ReadFile(name)
			return err == nil && regexp.MustCompile(`(?:func (?:\([^)]*\) )?|type )`+match[2]+`\b`).Match(text)
		}
		if !slices.ContainsFunc(files[match[1]], has) {
			t.Errorf("%s has no function %s", match[1], match[2])
		}
	}
}
