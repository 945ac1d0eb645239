package vimjson

// What the two layouts write for a reference. The old one always had ServerGUID, from the govmomi on that knew it.
var (
	referenceType  = [layouts]string{VIJSON: `{"_typeName":"ManagedObjectReference","type":`, PascalCase: `{"Type":`}
	referenceValue = [layouts]string{VIJSON: `,"value":`, PascalCase: `,"Value":`}
	referenceGUID  = [layouts]string{VIJSON: `,"serverGuid":`, PascalCase: `,"ServerGUID":`}
	emptyReference = [layouts]string{
		VIJSON:     `{"_typeName":"ManagedObjectReference","type":"","value":""}`,
		PascalCase: `{"Type":"","Value":"","ServerGUID":""}`,
	}

	// what stands between the texts of type and value
	typeToValue = [layouts]phrase{
		VIJSON:     newPhrase(`"` + referenceValue[VIJSON] + `"`),
		PascalCase: newPhrase(`"` + referenceValue[PascalCase] + `"`),
	}
)
