package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// set sets the flag of a setting.
func (c Config) set(f *pflag.Flag, s Setting) error {
	slice, isSlice := f.Value.(pflag.SliceValue)
	var err error
	switch {
	case s.List && isSlice:
		err = slice.Replace(s.Values)
	case s.List && slices.Contains(c.Divided, s.Name):
		err = f.Value.Set(strings.Join(s.Values, ","))
	case s.List:
		err = errors.New("takes one value, and no list")
	default:
		if err = f.Value.Set(s.Values[0]); err != nil {
			err = fmt.Errorf("%q %s", s.Values[0], reason(f.Value.Type(), err))
		}
	}
	f.Changed = err == nil
	switch {
	case err != nil && s.Source == SourceFile:
		return fmt.Errorf("%s: %s: %w", s.Origin, s.Name, err)
	case err != nil:
		return fmt.Errorf("%s: %w", s.Origin, err)
	}
	return nil
}

// Refused says what a flag wants instead of a value that it refused, in the words for variables and files. Other errors
// stay as they are.
func Refused(err error) error {
	refused, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok {
		return err
	}
	flag := refused.GetFlag()
	return fmt.Errorf("--%s: %q %s", flag.Name, refused.GetValue(), reason(flag.Value.Type(), refused.Unwrap()))
}

// reason says what a flag of a type wants, which the errors of strconv do not.
func reason(valueType string, err error) string {
	switch valueType {
	case "bool":
		return "must be true or false"
	case "int", "int64":
		return "must be a whole number"
	case "uint64":
		return "must be a whole number from 0 on"
	case "float64":
		return "must be a number"
	case "duration":
		return "must be a time with its unit, such as 90s or 5m"
	}
	return err.Error()
}
