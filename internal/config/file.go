package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// A File is a YAML file of settings: one mapping, of names of flags to values or lists of values.
type File struct {
	Name   string // as it was given
	SHA256 string // of its octets, in hexadecimal
}

// provided is what a file sets, as a koanf.Provider. The values are Settings, since koanf's own parser keeps no lines.
type provided map[string]any

func (p provided) Read() (map[string]any, error) { return p, nil }
func (p provided) ReadBytes() ([]byte, error)    { return nil, errors.ErrUnsupported }

// maxFile bounds a file, in octets.
const maxFile = 1 << 20

// readFile reads the file at path, nil if that is "", and refuses names that no command knows.
func (c Config) readFile(path string, known []string) (*File, provided, error) {
	if path == "" {
		return nil, nil, nil
	}
	f, settings := &File{Name: path}, make(provided)
	text, err := readSome(path)
	if err != nil {
		return nil, nil, err
	}
	if len(text) > maxFile {
		return nil, nil, fmt.Errorf("%s: larger than %d octets", f.Name, maxFile)
	}
	sum := sha256.Sum256(text)
	f.SHA256 = hex.EncodeToString(sum[:])
	if err := f.checkText(text); err != nil {
		return nil, nil, err
	}
	entries, err := f.entries(text)
	if err != nil {
		return nil, nil, err
	}
	lines := make(map[string]int)
	for key, value := range entries {
		name := key.Value
		switch at := lines[name]; {
		case key.Kind != yaml.ScalarNode || !slices.Contains(known, name):
			return nil, nil, f.errorAt(key, fmt.Errorf("unknown setting %q%s", name, c.meant(name, known)))
		case at != 0:
			return nil, nil, f.errorAt(key, fmt.Errorf("%s is in line %d already", name, at))
		}
		lines[name] = key.Line
		s := Setting{Name: name, Source: SourceFile, Origin: fmt.Sprintf("%s:%d", f.Name, key.Line)}
		if s.Values, s.List, err = values(value); err != nil {
			return nil, nil, f.errorAt(key, fmt.Errorf("%s: %w", name, err))
		}
		settings[name] = s
	}
	return f, settings, nil
}

// readSome reads at most one octet more than a file may have.
func readSome(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxFile+1))
}

// entries are the keys and values of the one mapping in a file, in order.
func (f *File) entries(text []byte) (func(yield func(key, value *yaml.Node) bool), error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, another yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) { // it is empty, or has comments only
		return func(func(key, value *yaml.Node) bool) {}, nil
	}
	if err != nil {
		return nil, f.syntaxError(err)
	}
	switch err := decoder.Decode(&another); {
	case err == nil:
		return nil, f.errorAt(&another, errors.New("a second document: there must be only one"))
	case !errors.Is(err, io.EOF):
		return nil, f.syntaxError(err)
	}
	root := document.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return func(func(key, value *yaml.Node) bool) {}, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, f.errorAt(root, errors.New("must have settings in the form \"rate: 500\", one a line"))
	}
	return func(yield func(key, value *yaml.Node) bool) {
		for pair := range slices.Chunk(root.Content, 2) {
			if !yield(pair[0], pair[1]) {
				return
			}
		}
	}, nil
}

// values are the texts of a value or a list of values.
func values(node *yaml.Node) (texts []string, isList bool, err error) {
	if node.Kind != yaml.SequenceNode {
		text, err := value(node)
		return []string{text}, false, err
	}
	texts = []string{}
	for _, element := range node.Content {
		text, err := value(element)
		if err != nil {
			return nil, true, err
		}
		texts = append(texts, text)
	}
	return texts, true, nil
}

// value is the text of one value.
func value(node *yaml.Node) (string, error) {
	switch {
	case node.Kind == yaml.MappingNode:
		return "", errors.New("has settings below it: all stand at the left margin")
	case node.Kind == yaml.SequenceNode:
		return "", errors.New("has a list in a list")
	case node.Kind == yaml.AliasNode:
		return "", fmt.Errorf("has the alias *%s: write the value", node.Value)
	case node.Tag == "!!null":
		return "", errors.New("has no value")
	}
	return node.Value, nil
}

func (f *File) errorAt(node *yaml.Node, err error) error {
	return fmt.Errorf("%s:%d: %w", f.Name, node.Line, err)
}

// syntaxError says where a file is no YAML. The parser counts from 0 where it misses what it expects, and leaves out
// the first line.
func (f *File) syntaxError(err error) error {
	text, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if found := regexp.MustCompile(`^line (\d+): (.*)`).FindStringSubmatch(text); found != nil {
		line, _ = strconv.Atoi(found[1])
		text = found[2]
		if strings.HasPrefix(text, "did not find expected") {
			line++
		}
	}
	if strings.HasPrefix(text, "unknown anchor") {
		return fmt.Errorf("%s: not YAML: %s", f.Name, text)
	}
	return fmt.Errorf("%s:%d: not YAML: %s", f.Name, line, text)
}

// checkText refuses what is no text, which the parser does without a line.
func (f *File) checkText(text []byte) error {
	odd := func(r rune) bool { return r < ' ' && r != '\t' && r != '\r' || r == 0x7f }
	for i, line := range bytes.Split(text, []byte("\n")) {
		if !utf8.Valid(line) || bytes.ContainsFunc(line, odd) {
			return fmt.Errorf("%s:%d: must be text in UTF-8", f.Name, i+1)
		}
	}
	return nil
}
