import COneDNN

/// Convolutions and dense layers.
extension PlanBuilder {
    func addConvolution(_ operation: Graph.Operation, _ settings: Layer.Convolution) throws(NetworkError) {
        let (from, to) = (operation.inputs[0], operation.output)
        let source = [rows] + graph.shapes[from], result = [rows] + graph.shapes[to]
        let first = operation.parameters.lowerBound
        var shape = graph.parameters[first].shape
        if settings.groups > 1 { shape = [settings.groups, shape[0] / settings.groups] + shape[1...] }
        var strides = Extents(settings.stride), padding = Extents(settings.padding)
        let bias = settings.hasBias ? try vector(first + 1) : nil
        let what = "a convolution from \(source) to \(result)"

        var operationDescriptor = dnnl_convolution_desc_t()
        var open = library.descriptor(source, isOpen: true), openResult = library.descriptor(result, isOpen: true)
        var openWeights = library.descriptor(shape, isOpen: true)
        var biasDescriptor = bias?.descriptor ?? dnnl_memory_desc_t()
        let functions = library.functions
        try strides.withPointer { (strides) throws(NetworkError) in
            try padding.withPointer { (padding) throws(NetworkError) in
                try library.check(
                    functions.convolution_forward_desc_init(
                        &operationDescriptor, isTraining ? dnnl_forward_training : dnnl_forward_inference,
                        dnnl_convolution_direct, &open, &openWeights, &biasDescriptor, &openResult, strides, padding,
                        padding), what)
            }
        }
        let forward = try Primitive(library, what, &operationDescriptor)
        let weights = try appendForward(forward, operation, weights: shape, bias: bias)

        onBackward(operation) { [self] (gradient) throws(NetworkError) in
            var backwardWeights = dnnl_convolution_desc_t()
            try strides.withPointer { (strides) throws(NetworkError) in
                try padding.withPointer { (padding) throws(NetworkError) in
                    try library.check(
                        functions.convolution_backward_weights_desc_init(
                            &backwardWeights, dnnl_convolution_direct, &open, &openWeights, &biasDescriptor,
                            &openResult, strides, padding, padding), what)
                }
            }
            if operation.parameters.contains(where: store.isLearned) {
                try appendWeightGradients(
                    Primitive(library, what, &backwardWeights, forward: forward), input: value(from),
                    gradient: gradient, weights: (first, weights), bias: bias.map { (first + 1, $0) })
            }
            guard needsGradient(from) else { return }
            var backwardData = dnnl_convolution_desc_t()
            try strides.withPointer { (strides) throws(NetworkError) in
                try padding.withPointer { (padding) throws(NetworkError) in
                    try library.check(
                        functions.convolution_backward_data_desc_init(
                            &backwardData, dnnl_convolution_direct, &open, &openWeights, &openResult, strides,
                            padding, padding), what)
                }
            }
            try appendDataGradient(
                Primitive(library, what, &backwardData, forward: forward), gradient: gradient, weights: weights,
                to: from)
        }
    }

    func addDense(_ operation: Graph.Operation, hasBias: Bool) throws(NetworkError) {
        let from = operation.inputs[0]
        let first = operation.parameters.lowerBound
        let shape = graph.parameters[first].shape
        let bias = hasBias ? try vector(first + 1) : nil
        let what = "a dense layer of \(shape[1]) x \(shape[0])"
        let functions = library.functions
        var operationDescriptor = dnnl_inner_product_desc_t()
        var open = library.descriptor([rows, shape[1]], isOpen: true)
        var openResult = library.descriptor([rows, shape[0]], isOpen: true)
        var openWeights = library.descriptor(shape, isOpen: true)
        var biasDescriptor = bias?.descriptor ?? dnnl_memory_desc_t()
        try library.check(
            functions.inner_product_forward_desc_init(
                &operationDescriptor, isTraining ? dnnl_forward_training : dnnl_forward_inference, &open, &openWeights,
                &biasDescriptor, &openResult), what)
        let forward = try Primitive(library, what, &operationDescriptor)
        let weights = try appendForward(forward, operation, weights: shape, bias: bias)

        onBackward(operation) { [self] (gradient) throws(NetworkError) in
            var backwardWeights = dnnl_inner_product_desc_t()
            try library.check(
                functions.inner_product_backward_weights_desc_init(
                    &backwardWeights, &open, &openWeights, &biasDescriptor, &openResult), what)
            if operation.parameters.contains(where: store.isLearned) {
                try appendWeightGradients(
                    Primitive(library, what, &backwardWeights, forward: forward), input: value(from),
                    gradient: gradient, weights: (first, weights), bias: bias.map { (first + 1, $0) })
            }
            guard needsGradient(from) else { return }
            var backwardData = dnnl_inner_product_desc_t()
            try library.check(
                functions.inner_product_backward_data_desc_init(&backwardData, &open, &openWeights, &openResult), what)
            try appendDataGradient(
                Primitive(library, what, &backwardData, forward: forward), gradient: gradient, weights: weights,
                to: from)
        }
    }

    /// Appends a product of an operation's input with its first parameter, which is of `shape` as the product sees it.
    /// - Returns: the parameter, placed.
    private func appendForward(
        _ forward: Primitive, _ operation: Graph.Operation, weights shape: [Int], bias: Block?
    ) throws(NetworkError) -> Block {
        let weights = try parameter(
            operation.parameters.lowerBound, plain: library.descriptor(shape),
            layout: forward.layout(dnnl_query_weights_md))
        let input = try value(operation.inputs[0], as: forward.layout(dnnl_query_src_md))
        let output = try Block(library, forward.layout(dnnl_query_dst_md))
        values[operation.output] = output
        var arguments = [
            (DNNL_ARG_SRC_0, input),
            (DNNL_ARG_WEIGHTS_0, try arranged(weights, as: forward.layout(dnnl_query_weights_md))),
            (DNNL_ARG_DST_0, output),
        ]
        if let bias { arguments.append((DNNL_ARG_BIAS, bias)) }
        append(forward, arguments)
        return weights
    }

    private func appendWeightGradients(
        _ primitive: Primitive, input: Block, gradient: Block, weights: (index: Int, block: Block),
        bias: (index: Int, block: Block)?
    ) throws(NetworkError) {
        let target = try store.gradient(weights.index, of: weights.block)
        let layout = primitive.layout(dnnl_query_diff_weights_md)
        let isDirect = library.areEqual(layout, target.descriptor)
        let computed = isDirect ? target : try temporary(layout)
        var arguments = [
            (DNNL_ARG_SRC_0, try arranged(input, as: primitive.layout(dnnl_query_src_md))),
            (DNNL_ARG_DIFF_DST_0, try arranged(gradient, as: primitive.layout(dnnl_query_diff_dst_md))),
            (DNNL_ARG_DIFF_WEIGHTS_0, computed),
        ]
        if let bias { arguments.append((DNNL_ARG_DIFF_BIAS, try store.gradient(bias.index, of: bias.block))) }
        append(primitive, arguments)
        guard !isDirect else { return }
        append(
            try Primitive(library, reorder: layout, to: target.descriptor),
            [(DNNL_ARG_SRC_0, computed), (DNNL_ARG_DST_0, target)])
    }

    private func appendDataGradient(
        _ primitive: Primitive, gradient: Block, weights: Block, to value: Int
    ) throws(NetworkError) {
        let result = try temporary(primitive.layout(dnnl_query_diff_src_md))
        append(
            primitive,
            [
                (DNNL_ARG_DIFF_DST_0, try arranged(gradient, as: primitive.layout(dnnl_query_diff_dst_md))),
                (DNNL_ARG_WEIGHTS_0, try arranged(weights, as: primitive.layout(dnnl_query_weights_md))),
                (DNNL_ARG_DIFF_SRC_0, result),
            ])
        try contribute(result, to: value)
    }
}

/// Height and width as oneDNN takes them.
struct Extents {
    private var values: [dnnl_dim_t]

    init(_ height: Int, _ width: Int) { values = [dnnl_dim_t(height), dnnl_dim_t(width)] }

    init(_ both: Int) { self.init(both, both) }

    mutating func withPointer(_ body: (UnsafePointer<dnnl_dim_t>) throws(NetworkError) -> Void) throws(NetworkError) {
        try values.withUnsafeBufferPointer { (buffer) throws(NetworkError) in
            if let base = buffer.baseAddress { try body(base) }
        }
    }
}
