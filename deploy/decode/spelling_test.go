package decode

import (
	"fmt"
	"reflect"
	"strings"
)

// checkSpelling walks JSON beside the value that was read from it, and returns an error where a key is not the name of
// its field, but for a small first letter.
func checkSpelling(given, read any) error {
	return walk(given, reflect.ValueOf(read), "")
}

func walk(given any, read reflect.Value, path string) error {
	for read.Kind() == reflect.Pointer {
		read = read.Elem()
	}
	switch given := given.(type) {
	case map[string]any:
		for key, value := range given {
			field := read
			switch {
			case read.Kind() == reflect.Map:
				field = read.MapIndex(reflect.ValueOf(key))
			default:
				field = read.FieldByName(strings.ToUpper(key[:1]) + key[1:])
			}
			if !field.IsValid() {
				return fmt.Errorf("%s.%s is no field", path, key)
			}
			if err := walk(value, field, path+"."+key); err != nil {
				return err
			}
		}
	case []any:
		for i, value := range given {
			if err := walk(value, read.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	}
	return nil
}
