"""Every name the surface promises is here, under PyTorch's paths, and takes PyTorch's arguments."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch

import chainrule

NAMES = {
    "torch": """tensor as_tensor from_numpy zeros ones full empty eye arange linspace logspace zeros_like ones_like
        full_like empty_like rand
        rand_like randn randn_like randint randperm bernoulli normal multinomial manual_seed
        Generator float32 float64 int64 int32 uint8 bool device
        exp log sqrt sin cos tan tanh sigmoid relu abs neg add sub mul div pow erf erfc expm1 log1p log2 log10 exp2
        rsqrt
        floor ceil round sign trunc atan2 hypot reciprocal square remainder fmod floor_divide lerp asin acos atan sinh
        cosh asinh acosh atanh addcmul addcdiv
        eq ne lt le gt ge logical_and logical_or logical_not logical_xor isclose allclose equal isnan isinf isfinite
        clamp clip where minimum maximum
        sum mean prod var std norm logsumexp max min argmax argmin amax amin any all cumsum cumprod count_nonzero
        sort argsort topk matmul mm bmm mv dot outer einsum addmm trace diag tril triu
        reshape flatten squeeze unsqueeze transpose permute flip roll cat stack split chunk movedim swapaxes tile
        gather scatter scatter_add index_select masked_fill masked_select take_along_dim narrow unbind
        no_grad enable_grad is_grad_enabled save load nn optim autograd utils""",
    "torch.Tensor": """view reshape flatten squeeze unsqueeze transpose permute expand expand_as repeat flip roll
        split chunk gather scatter scatter_add index_select masked_fill masked_select take_along_dim sum mean prod var
        std norm
        logsumexp max min argmax argmin any all cumsum cumprod sort argsort topk matmul mm bmm mv dot to type_as float
        double long int bool item tolist numpy detach clone backward grad requires_grad requires_grad_ is_leaf grad_fn
        retain_grad register_hook register_post_accumulate_grad_hook zero_ fill_ copy_ add_ sub_ mul_ div_ pow_ clamp_
        abs_ exp_ log_ sqrt_ neg_ uniform_ normal_ bernoulli_ random_ exponential_ masked_fill_ scatter_ scatter_add_
        squeeze_ unsqueeze_ t_ transpose_ detach_ lerp_ addcmul_ addcdiv_ erf_ floor_ ceil_ round_ sign_ reciprocal_
        square_ remainder_ shape dtype device ndim size dim numel T mT contiguous data""",
    "torch.nn": """ReLU LeakyReLU PReLU ReLU6 ELU SELU GELU SiLU Mish Softplus Softsign Hardtanh Sigmoid LogSigmoid Tanh
        Softmax LogSoftmax Linear Conv1d Conv2d MaxPool1d MaxPool2d AvgPool1d AvgPool2d AdaptiveAvgPool1d
        AdaptiveAvgPool2d AdaptiveMaxPool1d AdaptiveMaxPool2d LPPool1d LPPool2d BatchNorm1d BatchNorm2d LayerNorm
        GroupNorm Dropout Dropout2d Embedding Flatten Unflatten Identity Sequential ModuleList ModuleDict ParameterList
        Module Parameter L1Loss SmoothL1Loss HuberLoss MSELoss CrossEntropyLoss NLLLoss BCELoss BCEWithLogitsLoss
        KLDivLoss HingeEmbeddingLoss MultiMarginLoss CosineEmbeddingLoss GaussianNLLLoss functional init utils""",
    "torch.nn.Module": """register_forward_hook register_forward_pre_hook register_full_backward_hook
        register_full_backward_pre_hook register_buffer register_parameter register_module add_module named_parameters
        named_buffers named_modules named_children parameters buffers modules children apply train eval zero_grad to
        float double cpu state_dict load_state_dict requires_grad_ get_submodule get_parameter get_buffer extra_repr""",
    "torch.nn.utils": "clip_grad_norm_ clip_grad_value_ parameters_to_vector vector_to_parameters",
    "torch.nn.functional": """relu leaky_relu prelu relu6 elu selu gelu silu mish softplus softsign hardtanh sigmoid
        logsigmoid tanh softmax log_softmax linear conv1d conv2d max_pool1d max_pool2d avg_pool1d avg_pool2d
        adaptive_avg_pool1d adaptive_avg_pool2d adaptive_max_pool1d adaptive_max_pool2d lp_pool1d lp_pool2d batch_norm
        layer_norm group_norm dropout dropout2d embedding one_hot pad l1_loss smooth_l1_loss huber_loss mse_loss
        cross_entropy nll_loss binary_cross_entropy binary_cross_entropy_with_logits kl_div hinge_embedding_loss
        multi_margin_loss cosine_embedding_loss gaussian_nll_loss""",
    "torch.nn.init": """uniform_ normal_ trunc_normal_ constant_ ones_ zeros_ eye_ dirac_ xavier_uniform_ xavier_normal_
        kaiming_uniform_ kaiming_normal_ orthogonal_ sparse_ calculate_gain""",
    "torch.optim": "SGD Adam AdamW NAdam RAdam Adamax Adagrad Adadelta RMSprop Rprop Optimizer lr_scheduler",
    "torch.optim.Optimizer": """step zero_grad state_dict load_state_dict add_param_group register_step_pre_hook
        register_step_post_hook""",
    "torch.optim.lr_scheduler": """StepLR MultiStepLR ExponentialLR CosineAnnealingLR OneCycleLR LinearLR LambdaLR
        ReduceLROnPlateau SequentialLR LRScheduler""",
    "torch.autograd": """grad backward Function functional gradcheck gradgradcheck detect_anomaly set_detect_anomaly
        no_grad""",
    "torch.autograd.functional": "jacobian hessian vjp jvp hvp",
    "torch.utils.data": """Dataset IterableDataset TensorDataset Subset ConcatDataset random_split Sampler
        SequentialSampler RandomSampler SubsetRandomSampler WeightedRandomSampler BatchSampler DataLoader
        default_collate         default_convert get_worker_info""",
}
EVERY = [(home, name) for home, names in NAMES.items() for name in names.split()]


def found(lib: Any, home: str, name: str) -> Any:
    for part in home.split(".")[1:]:
        lib = getattr(lib, part)
    return inspect.getattr_static(lib, name) if isinstance(lib, type) else getattr(lib, name)


@pytest.mark.parametrize(("home", "name"), EVERY, ids=lambda x: str(x))
def test_a_name_is_here(home: str, name: str) -> None:
    found(torch, home, name)
    found(chainrule, home, name)


ABSENT_ARGUMENTS = {  # arguments of PyTorch's that nothing here could answer to
    "device", "dtype", "foreach", "fused", "capturable", "differentiable", "size_average", "reduce", "inplace",
    "is_causal", "scale_grad_by_freq", "sparse", "max_norm", "norm_type", "_weight", "_freeze", "track_running_stats",
}  # fmt: skip


def arguments(function: Any) -> list[str]:
    """The names a call may use, in order; none where the signature does not say."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return []
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        return []
    return [p.name for p in parameters if p.name != "self"]


CLASSES = [
    (home, name)
    for home, name in EVERY
    if home not in ("torch", "torch.Tensor", "torch.nn.Module") and callable(found(torch, home, name))
]


@pytest.mark.parametrize(("home", "name"), CLASSES, ids=lambda x: str(x))
def test_arguments_have_pytorchs_names_and_places(home: str, name: str) -> None:
    theirs, ours = arguments(found(torch, home, name)), arguments(found(chainrule, home, name))
    if not theirs or not ours:
        return
    shared = [a for a in theirs if a in ours]
    assert shared == [a for a in ours if a in theirs], "another order"
    missing = set(theirs) - set(ours) - ABSENT_ARGUMENTS - KNOWN.get(name, set())
    assert not missing


CHECKS = {
    "check_backward_ad", "check_batched_forward_grad", "check_batched_grad", "check_forward_ad", "check_fwd_over_rev",
    "check_grad_dtypes", "check_rev_over_rev", "check_undefined_grad", "fast_mode", "gen_non_contig_grad_outputs",
    "masked", "nondet_tol",
}  # fmt: skip
KNOWN = {  # arguments that are absent, by name
    **{name: {"_stacklevel"} for name in ("softmax", "log_softmax")},
    **{name: {"weight"} for name in ("mse_loss", "l1_loss", "huber_loss")},
    **{name: {"strict"} for name in ("vjp", "jvp", "hvp")},
    **dict.fromkeys(("gradcheck", "gradgradcheck"), CHECKS),
    "jacobian": {"strategy", "strict", "vectorize"},
    "hessian": {"outer_jacobian_strategy", "strict", "vectorize"},
    "grad": {"is_grads_batched", "only_inputs"},
    "backward": {"grad_variables"},
}


def test_the_list_is_long() -> None:
    assert len(EVERY) > 400
