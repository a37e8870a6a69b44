import COneDNN
import Core

/// Norms, poolings, rectifiers and what only moves values.
extension PlanBuilder {
    func add(_ operation: Graph.Operation) throws(NetworkError) {
        switch operation.kind {
        case .convolution(let settings): try addConvolution(operation, settings)
        case .dense(_, let hasBias): try addDense(operation, hasBias: hasBias)
        case .batchNorm(let epsilon, let momentum, let hasReLU):
            try addBatchNorm(operation, epsilon: epsilon, momentum: momentum, hasReLU: hasReLU)
        case .layerNorm(let epsilon): try addLayerNorm(operation, epsilon: epsilon)
        case .relu: try addElementwise(operation, dnnl_eltwise_relu_use_dst_for_bwd, 0, 0)
        case .relu6: try addElementwise(operation, dnnl_eltwise_clip_v2_use_dst_for_bwd, 0, 6)
        case .pool(let window, let isMaximum): try addPool(operation, window, isMaximum: isMaximum)
        case .dropout(let rate): try addDropout(operation, rate: rate)
        case .reshape: try addReshape(operation)
        case .add: try addSum(operation)
        }
    }

    private func addElementwise(
        _ operation: Graph.Operation, _ rule: dnnl_alg_kind_t, _ alpha: Float, _ beta: Float
    ) throws(NetworkError) {
        let from = operation.inputs[0]
        let input = try value(from)
        // What these rectifiers need for their gradient is what comes out, so it may take the place of what goes in.
        let output = mayOverwrite(from) ? input : try Block(library, input.descriptor)
        values[operation.output] = output
        var layout = input.descriptor
        var forward = dnnl_eltwise_desc_t()
        try library.check(
            library.functions.eltwise_forward_desc_init(
                &forward, isTraining ? dnnl_forward_training : dnnl_forward_inference, rule, &layout, alpha, beta),
            "a rectifier")
        let primitive = try Primitive(library, "a rectifier", &forward)
        append(primitive, [(DNNL_ARG_SRC_0, input), (DNNL_ARG_DST_0, output)])
        onBackward(operation) { [self] (gradient) throws(NetworkError) in
            guard needsGradient(from) else { return }
            var backward = dnnl_eltwise_desc_t()
            try library.check(
                library.functions.eltwise_backward_desc_init(&backward, rule, &layout, &layout, alpha, beta),
                "a rectifier")
            let gradient = try arranged(gradient, as: layout)
            let result = try temporary(layout)
            append(
                try Primitive(library, "a rectifier", &backward, forward: primitive),
                [(DNNL_ARG_DST_0, output), (DNNL_ARG_DIFF_DST_0, gradient), (DNNL_ARG_DIFF_SRC_0, result)])
            try contribute(result, to: from)
        }
    }

    private func addPool(
        _ operation: Graph.Operation, _ window: Layer.Window2D, isMaximum: Bool
    ) throws(NetworkError) {
        let from = operation.inputs[0]
        let input = try value(from)
        let rule = isMaximum ? dnnl_pooling_max : dnnl_pooling_avg_include_padding
        var layout = input.descriptor
        var open = library.descriptor([rows] + graph.shapes[operation.output], isOpen: true)
        var strides = Extents(window.stride), padding = Extents(window.padding)
        var kernel = Extents(window.height, window.width)
        var forward = dnnl_pooling_desc_t()
        let (functions, isTraining) = (library.functions, isTraining)
        try strides.withPointer { (strides) throws(NetworkError) in
            try kernel.withPointer { (kernel) throws(NetworkError) in
                try padding.withPointer { (padding) throws(NetworkError) in
                    try library.check(
                        functions.pooling_forward_desc_init(
                            &forward, isTraining ? dnnl_forward_training : dnnl_forward_inference, rule, &layout, &open,
                            strides, kernel, padding, padding), "a pooling")
                }
            }
        }
        let primitive = try Primitive(library, "a pooling", &forward)
        let output = try Block(library, primitive.layout(dnnl_query_dst_md))
        values[operation.output] = output
        var arguments = [(DNNL_ARG_SRC_0, input), (DNNL_ARG_DST_0, output)]
        // Which of each window was the largest.
        let workspace =
            isTraining && isMaximum ? try Block(library, primitive.layout(dnnl_query_workspace_md)) : nil
        if let workspace { arguments.append((DNNL_ARG_WORKSPACE, workspace)) }
        append(primitive, arguments)
        onBackward(operation) { [self] (gradient) throws(NetworkError) in
            guard needsGradient(from) else { return }
            var backward = dnnl_pooling_desc_t()
            var result = output.descriptor
            try strides.withPointer { (strides) throws(NetworkError) in
                try kernel.withPointer { (kernel) throws(NetworkError) in
                    try padding.withPointer { (padding) throws(NetworkError) in
                        try library.check(
                            functions.pooling_backward_desc_init(
                                &backward, rule, &layout, &result, strides, kernel, padding, padding), "a pooling")
                    }
                }
            }
            let gradient = try arranged(gradient, as: result)
            let target = try temporary(layout)
            var arguments = [(DNNL_ARG_DIFF_DST_0, gradient), (DNNL_ARG_DIFF_SRC_0, target)]
            if let workspace { arguments.append((DNNL_ARG_WORKSPACE, workspace)) }
            append(try Primitive(library, "a pooling", &backward, forward: primitive), arguments)
            try contribute(target, to: from)
        }
    }

    private func addReshape(_ operation: Graph.Operation) throws(NetworkError) {
        let from = operation.inputs[0]
        let plain = library.descriptor([rows] + graph.shapes[from])
        let flat = library.descriptor([rows] + graph.shapes[operation.output])
        let input = try value(from, as: plain)
        values[operation.output] = try Block(library, flat, in: input.memory)
        onBackward(operation) { [self] (gradient) throws(NetworkError) in
            let gradient = try arranged(gradient, as: flat)
            try contribute(Block(library, plain, in: gradient.memory), to: from)
        }
    }

    private func addSum(_ operation: Graph.Operation) throws(NetworkError) {
        let left = try value(operation.inputs[0])
        let right = try value(operation.inputs[1], as: left.descriptor)
        // A sum needs nothing of its operands for its gradient. The second one may be what the whole block began with.
        let output = mayOverwrite(operation.inputs[0]) ? left : try Block(library, left.descriptor)
        values[operation.output] = output
        try appendSum(left, right, into: output)
        onBackward(operation) { [self] (gradient) throws(NetworkError) in
            for value in operation.inputs { try contribute(gradient, to: value) }
        }
    }

    private func addDropout(_ operation: Graph.Operation, rate: Float) throws(NetworkError) {
        let from = operation.inputs[0]
        guard isTraining else {
            values[operation.output] = try value(from)
            return
        }
        // Row-major, so that what is dropped does not depend on a layout that oneDNN chose.
        let plain = library.descriptor([rows] + graph.shapes[from])
        let input = try value(from, as: plain)
        let output = try Block(library, plain), mask = try Block(library, plain)
        values[operation.output] = output
        let name = operation.name
        append { (plan) throws(NetworkError) in
            var generator = SplitMix64(seed: plan.drawing.seed, labels: plan.drawing.labels + ["dropout", name])
            let kept = 1 / (1 - rate)
            let limit = UInt64(Double(rate) * 0x1p32)
            let mask = mask.values
            for index in mask.indices { mask[index] = generator.next() >> 32 < limit ? 0 : kept }
            Self.multiply(input.values, mask, into: output.values)
        }
        onBackward(operation) { [self] (gradient) throws(NetworkError) in
            let gradient = try arranged(gradient, as: plain)
            let result = try temporary(plain)
            append { (_) throws(NetworkError) in Self.multiply(gradient.values, mask.values, into: result.values) }
            try contribute(result, to: from)
        }
    }

    private static func multiply(
        _ left: UnsafeMutableBufferPointer<Float>, _ right: UnsafeMutableBufferPointer<Float>,
        into product: UnsafeMutableBufferPointer<Float>
    ) {
        for index in product.indices { product[index] = left[index] * right[index] }
    }
}
