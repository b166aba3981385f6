package gen

import (
	"crypto/sha1" // RFC 9562 prescribes it; nothing here is a secret
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"check_imap_session/internal/argv"
)

// The basket's own names. They differ from the CheckCommand of the package,
// imap_session, which the Director knows as an external command: one name
// twice stops Icinga. The variables are the same.
const (
	directorCommand  = "cmd-check-imap-session"
	directorTemplate = "tpl-service-imap-session"
)

// Director writes a basket for Icinga Director: the command, its fields, and a
// service template that uses it. It refers to nothing outside itself, as a
// missing reference stops the import. Identifiers are made from names, so that
// a later basket updates what an earlier one made.
func Director(m Model) []byte {
	arguments := map[string]any{}
	fields := map[string]any{}
	var links []any
	for i, f := range kept(m, "director") {
		arguments[f.key()] = directorArgument(f)
		number := strconv.Itoa(i + 1)
		fields[number] = directorField(f)
		links = append(links, map[string]any{"datafield_id": i + 1, "is_required": "n", "var_filter": nil})
	}
	basket := map[string]any{
		"Command": map[string]any{directorCommand: map[string]any{
			"object_name": directorCommand, "object_type": "object", "uuid": uuid("Command", directorCommand),
			"command":         "PluginContribDir + /check_imap_session",
			"methods_execute": "PluginCheck", "timeout": "60",
			"arguments": arguments, "fields": links,
			"disabled": false, "imports": []any{}, "is_string": nil, "zone": nil,
			"vars": map[string]any{"imap_session_hostname": "$host.name$", "imap_session_address": "$address$"},
		}},
		"Datafield":       fields,
		"ServiceTemplate": map[string]any{directorTemplate: directorService()},
	}
	var p page
	enc := json.NewEncoder(&p)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(basket) // strings, numbers and maps of them
	return p.Bytes()
}

func directorArgument(f flag) map[string]any {
	macro := "$" + f.variable() + "$"
	a := map[string]any{"description": f.help}
	switch {
	case f.shape == argv.Switch:
		a["set_if"], a["set_if_format"] = macro, "string"
	case f.oneWord():
		a["value"], a["skip_key"] = "--"+f.name+"="+macro, true
	default:
		a["value"] = macro
	}
	if f.repeats {
		a["repeat_key"] = true
	}
	switch f.name {
	case "hostname":
		a["required"], a["order"] = true, "-2"
	case "address":
		a["order"] = "-1"
	}
	return a
}

func directorField(f flag) map[string]any {
	kind, settings := "String", map[string]any{"visibility": "visible"}
	switch {
	case f.shape == argv.Switch:
		kind, settings = "Boolean", map[string]any{}
	case f.shape == argv.Counter:
		kind, settings = "Number", map[string]any{}
	case f.repeats:
		kind, settings = "Array", map[string]any{}
	}
	return map[string]any{
		"varname": f.variable(), "caption": "IMAP session: " + strings.ReplaceAll(f.name, "-", " "),
		"description": f.help, "datatype": `Icinga\Module\Director\DataType\DataType` + kind,
		"format": nil, "settings": settings, "uuid": uuid("Datafield", f.variable()),
	}
}

// directorService is the service template. The Director wants every key.
func directorService() map[string]any {
	s := map[string]any{
		"object_name": directorTemplate, "object_type": "template", "uuid": uuid("ServiceTemplate", directorTemplate),
		"check_command": directorCommand, "check_interval": 300, "retry_interval": 60, "max_check_attempts": 3,
		"enable_perfdata": true, "disabled": false, "fields": []any{}, "groups": []any{}, "imports": []any{},
		"vars": map[string]any{}, "notes": "A whole IMAP session, step by step, with the time of each.",
	}
	none := map[string]any{}
	for _, key := range strings.Fields("action_url apply_for assign_filter check_period check_timeout command_endpoint display_name enable_active_checks enable_event_handler enable_flapping enable_notifications enable_passive_checks event_command flapping_threshold_high flapping_threshold_low host icon_image icon_image_alt notes_url service_set template_choice use_agent use_var_overrides volatile zone") {
		none[key] = nil
	}
	maps.Copy(none, s)
	return none
}

// uuid identifies an object of the basket for good: a version 5 UUID below a
// namespace of our own, which is that of the DNS name check-imap-session.invalid.
// See RFC 9562 section 5.5.
func uuid(kind, name string) string {
	dns := [16]byte{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}
	id := hashed(hashed(dns, "check-imap-session.invalid"), "check_imap_session/director/"+kind+"/"+name)
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func hashed(space [16]byte, name string) [16]byte {
	sum := sha1.Sum(append(space[:], name...))
	id := [16]byte(sum[:16])
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return id
}
