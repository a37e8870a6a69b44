public import Core

extension YAML {
    /// The tree of a configuration file, for `ConfigurationLayers`; `nil` when the file holds nothing but comments.
    /// - Throws: `YAMLError`, also when the file holds more than one document.
    public static func configuration(ofFile path: String) throws(YAMLError) -> SourceNode? {
        let documents = try documents(try text(ofFile: path), source: path)
        if documents.count > 1 {
            throw YAMLError(
                code: "many-documents", at: documents[1].root.location,
                "a second document starts here; a configuration is one")
        }
        return documents.first?.root
    }
}
