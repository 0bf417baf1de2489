// Package inputs has small real lists of domains to try the scanner on, among them the list of the demonstration.
// README.md says where they come from.
package inputs

import _ "embed" // for the list

//go:embed mail-providers.txt
var mailProviders string

// MailProviders is a list of mail providers, one domain a line, with comments that begin with #.
func MailProviders() []byte { return []byte(mailProviders) }
