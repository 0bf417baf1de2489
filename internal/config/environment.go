package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// variableNames maps variables to the flags that they set.
type variableNames struct {
	own       map[string]string // of this command
	elsewhere []string          // variables of other commands
}

func (c Config) variables(flags *pflag.FlagSet, elsewhere []string) variableNames {
	v := variableNames{own: make(map[string]string)}
	flags.VisitAll(func(f *pflag.Flag) { v.own[c.variable(f.Name)] = f.Name })
	for _, name := range elsewhere {
		v.elsewhere = append(v.elsewhere, c.variable(name))
	}
	return v
}

// variable is the variable of a flag.
func (c Config) variable(flag string) string {
	return c.Prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// setting is what a variable sets; "" if that is nothing. An empty variable is as good as none.
func (v variableNames) setting(variable, value string) (flag string, setting any) {
	flag, ok := v.own[variable]
	if !ok || value == "" {
		return "", nil
	}
	return flag, Setting{Name: flag, Values: []string{value}, Source: SourceVariable, Origin: variable}
}

// unknownVariables has a line for each variable with the prefix that means nothing.
func (c Config) unknownVariables(v variableNames) (lines []string) {
	known := append(slices.Collect(maps.Keys(v.own)), append(v.elsewhere, c.variable(c.FileFlag))...)
	for _, line := range c.Environ {
		variable, value, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(variable, c.Prefix) || value == "" || c.isKnown(variable) || slices.Contains(known, variable) {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s sets nothing%s", variable, c.meant(variable, known)))
	}
	slices.Sort(lines)
	return lines
}

// isKnown reports whether a variable is no setting, and nothing to warn of.
func (c Config) isKnown(variable string) bool {
	if ofKubernetes(strings.TrimPrefix(variable, c.Prefix)) {
		return true
	}
	return slices.ContainsFunc(c.Known, func(known string) bool {
		return variable == known || strings.HasSuffix(known, "_") && strings.HasPrefix(variable, known)
	})
}

// ofKubernetes reports whether Kubernetes sets such a variable for a Service whose name, in capitals, is the prefix
// or begins with it: NAME_SERVICE_HOST, NAME_SERVICE_PORT, NAME_SERVICE_PORT_HTTP, NAME_PORT, NAME_PORT_80_TCP, and
// _PROTO, _PORT and _ADDR after that.
func ofKubernetes(rest string) bool {
	found, _ := regexp.MatchString(`^([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|`+
		`PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`, rest)
	return found
}
