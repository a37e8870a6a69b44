/// One measurement, as Tools/bench reads it.
struct Measurement {
    let benchmark: String
    let variant: String
    let value: Double
    let unit: String

    func print() {
        let rounded = (value * 1000).rounded() / 1000
        Swift.print(
            #"{"benchmark":"\#(benchmark)","variant":"\#(variant)","value":\#(rounded),"unit":"\#(unit)"}"#)
    }
}
