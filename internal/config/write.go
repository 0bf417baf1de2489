package config

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Write writes the settings as a file of settings, each with its origin in a comment. Defaults are comments
// themselves, since a default that is given can mean more than one that is not; without all they are left out.
// Where a value cannot be shown as a whole, the line is a comment too.
func (s *Settings) Write(w io.Writer, all bool) error {
	for _, setting := range s.All {
		if setting.Source == SourceDefault && !all {
			continue
		}
		whole := true
		var nodes []*yaml.Node
		for _, value := range setting.Values {
			text := Shown(value)
			whole = whole && text == value
			nodes = append(nodes, scalar(text))
		}
		value := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Content: nodes}
		if !setting.List {
			value = nodes[0]
		}
		line, err := yaml.Marshal(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{scalar(setting.Name), value}})
		if err != nil {
			return fmt.Errorf("write settings: %w", err)
		}
		text, comment := strings.TrimSuffix(string(line), "\n"), setting.Origin
		if strings.ContainsFunc(comment, func(r rune) bool { return !strconv.IsPrint(r) }) {
			comment = strconv.Quote(comment) // a file may have any name
		}
		if !whole {
			comment += ", with a password that is not shown"
		}
		if !whole || setting.Source == SourceDefault {
			text = "# " + text
		}
		if _, err := fmt.Fprintf(w, "%s # %s\n", text, comment); err != nil {
			return fmt.Errorf("write settings: %w", err)
		}
	}
	return nil
}

// scalar is a value in one line, quoted only where it would be taken for none.
func scalar(text string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Value: text}
	if strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		node.Style = yaml.DoubleQuotedStyle
	}
	if text == "" || text == "~" || strings.EqualFold(text, "null") {
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}
