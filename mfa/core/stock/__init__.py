"""Stocks with lifetimes: inflow-driven, stock-driven, flow-driven, reserves, and their linear relations."""

from mfa.core.stock.forward import inflow_driven
from mfa.core.stock.initial import InitialStock
from mfa.core.stock.inverse import stock_driven
from mfa.core.stock.level import flow_driven, reserve
from mfa.core.stock.result import StockResult
from mfa.core.stock.weights import initial_outflow, outflow_weights, stock_weights

__all__ = [
    "InitialStock",
    "StockResult",
    "flow_driven",
    "inflow_driven",
    "initial_outflow",
    "outflow_weights",
    "reserve",
    "stock_driven",
    "stock_weights",
]
