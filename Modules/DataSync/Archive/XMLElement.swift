/// One element of a small XML document: its local name, its text, and the elements in it. Attributes are not kept.
struct XMLElement: Sendable, Hashable {
    var name: String
    var text = ""
    var children: [XMLElement] = []

    /// The first child of that name.
    subscript(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    /// Every child of that name.
    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }
}
